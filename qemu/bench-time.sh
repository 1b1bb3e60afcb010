#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What operations take while Hone, tcpdump or dumpcap captures, by the clock on
# the wall in one guest of several CPUs, in turn: only the ratios say something.
#   bench-time.sh [OPERATION[,OPERATION]... [COLUMN[,COLUMN]... [TURNS]]]
. "$(dirname "$0")/../scripts/lib.sh"

ops=${1:-udp-round-trip,udp-1400,tcp-round-trip,tcp-stream-64k,tcp-connect}
columns=${2:-none,hone-96,tcpdump-96,dumpcap-96,hone-full,tcpdump-full,dumpcap-full}
out=$HONE_CACHE/out/time
rm -rf "$out"
mkdir -p "$out"
"$HONE_TOP/scripts/setup.sh" build guest bench
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh" bench tcpdump dumpcap)
kernel=$("$HONE_TOP/qemu/kernel.sh" y)
"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
	--cpus 2 --mem 3072 --resident --append norandmaps --timeout 1200 --out "$out" \
	bench turns "${3:-7}" "$columns" "$ops" ||
	die "the bench failed; what it left is in $out"
awk -f "$HONE_TOP/qemu/bench/median.awk" -f "$HONE_TOP/qemu/bench/time.awk" \
	"$out/capture.txt"
