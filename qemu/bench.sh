#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What Hone costs while nobody captures: instructions per operation in two
# kernels, without and with CONFIG_HONE.  Fails if one grows by more than 0.1 %
# and more than 8 instructions.  And what it costs while a session is open: one
# whose program rejects every packet, so that only users are told, one that wants
# packets of nobody, and one that wants all.
#   bench.sh [ROUNDS]
. "$(dirname "$0")/../scripts/lib.sh"

rounds=${1:-1000}
out=$HONE_CACHE/out/bench
rm -rf "$out"
mkdir -p "$out"

"$HONE_TOP/scripts/setup.sh" build guest
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh")
for variant in n y; do
	kernel=$("$HONE_TOP/qemu/kernel.sh" "$variant")
	say "counting in kernel '$variant'"
	"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
		--icount --append norandmaps --timeout 600 \
		--out "$out/$variant" bench "$rounds" ||
		die "the bench failed in kernel '$variant'; what it left is in $out/$variant"
done

status=0
paste -d" " "$out/n/idle.txt" "$out/y/idle.txt" | awk -v json="$out/bench.json" '
BEGIN {
	printf "%-16s %14s %14s %8s %8s\n", "instructions per",
		"CONFIG_HONE=n", "CONFIG_HONE=y", "more", "percent"
	printf "{\n" >json
}
{
	if ($1 != $3)
		exit 2
	$3 = $4
	more = $3 - $2
	percent = 100 * more / $2
	over = more > 8 && percent > 0.1
	bad += over
	printf "%-16s %14.1f %14.1f %8.1f %8.3f%s\n", $1, $2, $3, more,
		percent, over ? "  over the bound" : ""
	printf "%s\t\"%s\": { \"n\": %.1f, \"y\": %.1f, \"more\": %.1f, \"over\": %s }",
		(NR == 1 ? "" : ",\n"), $1, $2, $3, more,
		over ? "true" : "false" >json
}
END {
	printf "\n}\n" >json
	exit bad || !NR
}' || status=$?
echo
paste -d" " "$out"/y/{idle,filtered,nobody,captured}.txt | awk '
BEGIN {
	printf "%-16s %14s %14s %14s %14s\n", "more per", "not captured",
		"users only", "of nobody", "and packets"
}
{
	if ($1 != $3 || $1 != $5 || $1 != $7)
		exit 2
	printf "%-16s %14.1f %+14.1f %+14.1f %+14.1f\n", $1, $2, $4 - $2,
		$6 - $2, $8 - $2
}' || status=$?
echo
echo "The bound is 0.1 % or 8 instructions, whichever is more. $out/bench.json"
exit "$status"
