#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds and boots the kernel after every single patch of the series, without
# the feature, and after the last with and without.  Prints TAP. Slow.
. "$(dirname "$0")/lib.sh"

"$HONE_TOP/scripts/setup.sh" build guest
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh")
series=$HONE_TOP/patches/$HONE_BASE/series
out=$HONE_CACHE/out/series
mkdir -p "$out"
count=0 bad=0

try()
{
	local patch=$1 variant=$2 status=0 kernel

	count=$((count + 1))
	kernel=$(HONE_LAST=$patch "$HONE_TOP/qemu/kernel.sh" "$variant") &&
		"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
			--timeout 120 --out "$out" run true || status=1
	if [ $status -eq 0 ]; then
		echo "ok $count $patch, CONFIG_HONE=$variant"
	else
		bad=$((bad + 1))
		echo "not ok $count $patch, CONFIG_HONE=$variant"
	fi
}

last=
while read -r patch; do
	try "$patch" n
	last=$patch
done < <(sed 's/#.*//' "$series" | awk 'NF { print $1 }')
try "$last" y
# Leaves the tree whole.
"$HONE_TOP/scripts/fetch-kernel.sh" >/dev/null
echo "1..$count"
echo "$((count - bad)) passed, $bad failed"
[ "$bad" -eq 0 ]
