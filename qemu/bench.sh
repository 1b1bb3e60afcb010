#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What Hone costs, in instructions per operation of a guest with one CPU that
# counts them: while nobody captures, against the same kernel without
# CONFIG_HONE; and while it captures, against tcpdump and dumpcap, the work of
# the capturing programs included.  Fails if an idle kernel grows by more than
# 0.1 % and more than 8 instructions.
#   bench.sh [OPERATION[,OPERATION]... [COLUMN[,COLUMN]...]]
. "$(dirname "$0")/../scripts/lib.sh"

ops=${1:-udp-round-trip,udp-1400,udp-queued,tcp-round-trip,tcp-stream-64k,tcp-connect,fork,exec,udp-left}
columns=${2:-none,hone-96,hone-96-null,hone-96-all,hone-full,hone-full-all,tcpdump-96,tcpdump-full,dumpcap-96,dumpcap-full}
out=$HONE_CACHE/out/bench
rm -rf "$out"
mkdir -p "$out"

"$HONE_TOP/scripts/setup.sh" build guest bench
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh" bench tcpdump dumpcap)
n=$("$HONE_TOP/qemu/kernel.sh" n)
y=$("$HONE_TOP/qemu/kernel.sh" y)

# count NAME KERNEL WORD...: the guest's bench, with these words
count()
{
	local name=$1 kernel=$2 start=$SECONDS
	shift 2
	"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
		--icount --append norandmaps --timeout 1200 \
		--out "$out/$name" bench "$@" ||
		die "the bench failed; what it left is in $out/$name"
	say "counted $name: $((SECONDS - start)) s"
}
count n "$n" idle 1000
count y "$y" idle 1000
# Each program in a guest of its own: how long a fork looks for room in memory of
# each CPU depends on what has been there before.
mkdir -p "$out/capture"
for column in ${columns//,/ }; do
	count "$column" "$y" capture "$column" "$ops"
	cat "$out/$column/capture.txt" >>"$out/capture/capture.txt"
done

awk -v dir="$out" -f "$HONE_TOP/qemu/bench/table.awk" \
	"$out"/n/idle.txt "$out"/y/{idle,counted,filtered,nobody,captured}.txt \
	"$out"/capture/capture.txt
