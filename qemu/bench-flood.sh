#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How many datagrams a second Hone, tcpdump and dumpcap record without loss,
# with the buffers they have if they are told nothing, in one guest of 16 CPUs, 15
# of which send, so that they can do more than one that records. A second is as
# many instructions of all of them together as an emulated CPU executes in one:
# only the ratios say something.
. "$(dirname "$0")/../scripts/lib.sh"

out=$HONE_CACHE/out/flood
rm -rf "$out"
mkdir -p "$out"
"$HONE_TOP/scripts/setup.sh" build guest bench
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh" bench tcpdump dumpcap)
kernel=$("$HONE_TOP/qemu/kernel.sh" y)
"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
	--icount --cpus 16 --mem 3072 --timeout 3600 --out "$out" \
	bench flood tcpdump-full,hone-default,hone-in,dumpcap-full ||
	die "the bench failed; what it left is in $out"
awk -f "$HONE_TOP/qemu/bench/flood.awk" "$out/flood.txt"
