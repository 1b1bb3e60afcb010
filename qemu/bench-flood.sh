#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How many datagrams a second Hone, tcpdump and dumpcap record without loss, with
# the buffers they have if they are told nothing, in one guest of 16 CPUs, 15 of
# which give and take datagrams. They take their time from one emulated CPU, in
# turn, and are always busy, so each has its part of it, as real ones would have;
# the program shares the last with another, half and half, or the others could not
# give more than it takes. A second is as many instructions of all of them together
# as an emulated CPU executes in one: only the ratios say something. "none" says how
# many the others can give. Hone has 4 MB of buffers on each CPU, tcpdump and dumpcap
# 2 MB in all, so each lasts for half a minute, of which they are a small part. What
# comes from a device is one packet for all programs; on loopback Hone records both
# ends.
. "$(dirname "$0")/../scripts/lib.sh"

out=$HONE_CACHE/out/flood
rm -rf "$out"
mkdir -p "$out"
"$HONE_TOP/scripts/setup.sh" build guest bench
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh" bench tcpdump dumpcap)
kernel=$("$HONE_TOP/qemu/kernel.sh" y)

# measure TITLE NAME COLUMNS [DEVICE]
measure()
{
	"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
		--icount --append skew_tick=1 --cpus 16 --mem 3072 \
		--timeout 7200 --out "$out/$2" bench flood "${@:3}" ||
		die "the bench failed; what it left is in $out/$2"
	awk -v title="$1" -f "$HONE_TOP/qemu/bench/flood.awk" \
		"$out/$2/flood.txt"
}

measure "received from a device" device \
	none,tcpdump-full,hone-full,dumpcap-full flood
measure "sent and received on loopback" loopback \
	none,tcpdump-full,hone-full,hone-in,dumpcap-full
