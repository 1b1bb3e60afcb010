#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a recorded packet costs as sockets, processes, namespaces and sessions
# grow in number: instructions in a guest that counts them, and for sockets and
# namespaces the time in one that does not, since instructions do not see caches.
# Prints tables; with --update writes them, and a plot, to Documentation/.
. "$(dirname "$0")/../scripts/lib.sh"

update=''
[ "${1:-}" != --update ] || update=1
out=$HONE_CACHE/out/growth
rm -rf "$out"
mkdir -p "$out"
"$HONE_TOP/scripts/setup.sh" build guest
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh")
kernel=$("$HONE_TOP/qemu/kernel.sh" y)

# count NAME COLUMNS OPERATIONS [OPTION of run.sh]...
count()
{
	local name=$1 columns=$2 ops=$3 start=$SECONDS
	shift 3
	"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
		--cpus 1 --mem 4096 --append norandmaps --timeout 1200 "$@" \
		--out "$out/$name" bench capture "$columns" "$ops" ||
		die "the bench failed; what it left is in $out/$name"
	say "counted $name: $((SECONDS - start)) s"
}
sockets=sockets:10,sockets:1000,sockets:30000
processes=processes:10,processes:100,processes:1000,processes:10000
netns=netns:1,netns:10,netns:50,netns:200
count counted none,hone-96x1 "$sockets,$processes,$netns" --icount
count sessions none,hone-96x1,hone-96x2,hone-96x3,hone-96x4 \
	udp-one-way --icount
count timed none,hone-96x1 "$sockets,$netns"

awk -v svg="$out/growth.svg" -f "$HONE_TOP/qemu/bench/growth.awk" \
	"$out"/{counted,sessions,timed}/capture.txt >"$out/growth.txt" ||
	die "nothing was counted"
cat "$out/growth.txt"
[ -n "$update" ] || exit 0
for f in txt svg; do
	cp "$out/growth.$f" "$HONE_TOP/Documentation/admin-guide/hone-growth.$f"
done
