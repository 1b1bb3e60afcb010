#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# How many datagrams a second Hone, tcpdump and dumpcap record without loss,
# with the buffers they have if they are told nothing, in one guest of 16 CPUs, 15
# of which give and take datagrams, so that they can do more than one that
# records. A second is as many instructions of all of them together as an emulated
# CPU executes in one: only the ratios say something, and "none", which records
# nothing, says how many a program could that costs nothing. What comes from a
# device is one packet for all programs; on loopback Hone records both ends.
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
		--icount --cpus 16 --mem 3072 --timeout 3600 --out "$out/$2" \
		bench flood "${@:3}" ||
		die "the bench failed; what it left is in $out/$2"
	awk -v title="$1" -f "$HONE_TOP/qemu/bench/flood.awk" \
		"$out/$2/flood.txt"
}

measure "received from a device" device \
	none,tcpdump-full,hone-full,hone-default,dumpcap-full flood
measure "sent and received on loopback" loopback \
	none,tcpdump-full,hone-full,hone-default,hone-in,dumpcap-full
