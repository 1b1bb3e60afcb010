#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a recorded packet costs as sockets, processes, namespaces, sessions and
# CPUs grow in number: instructions in a guest that counts them, and for sockets
# and namespaces the time in one that does not, since instructions do not see
# caches. Prints a table; with --update writes it, and a plot, to Documentation/.
. "$(dirname "$0")/../scripts/lib.sh"

update=''
[ "${1:-}" != --update ] || update=1
out=$HONE_CACHE/out/growth
rm -rf "$out"
mkdir -p "$out"
"$HONE_TOP/scripts/setup.sh" build guest
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh")
kernel=$("$HONE_TOP/qemu/kernel.sh" y)

# measure NAME [OPTION of run.sh]... bench [WORD]...
measure()
{
	local name=$1 start=$SECONDS
	shift
	"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
		--mem 4096 --append norandmaps --timeout 1200 \
		--out "$out/$name" "$@" ||
		die "the bench failed; what it left is in $out/$name"
	parts+=("$out/$name/capture.txt")
	say "measured $name: $((SECONDS - start)) s"
}
parts=()
one=none,hone-96x1
# Each number in a guest of its own: what a packet costs depends on what has been
# there before, by more than on how many there are.
for row in sockets:{10,1000,30000} processes:{10,1000,10000} netns:{1,10,200}; do
	measure "${row/:/-}" --icount bench capture "$one" "$row"
done
measure sessions --icount bench capture \
	"$one,hone-96x2,hone-96x4" udp-one-way
for n in 1 2 8 16; do
	measure cpus-$n --icount --cpus $n bench capture hone-96x1 cpus:$n
done
# What a guest uses first the host must find, clear and map, as no machine does.
measure timed --cpus 1 --resident bench turns 9 "$one" \
	sockets:10,sockets:30000,netns:1,netns:200

awk -v svg="$out/growth.svg" -f "$HONE_TOP/qemu/bench/growth.awk" \
	"${parts[@]}" >"$out/growth.txt" || {
	cat "$out/growth.txt" >&2
	die "not all could be measured: see $out"
}
cat "$out/growth.txt"
[ -n "$update" ] || exit 0
for f in txt svg; do
	cp "$out/growth.$f" "$HONE_TOP/Documentation/admin-guide/hone-growth.$f"
done
