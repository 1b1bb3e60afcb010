#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# From nothing to a capture of real programs: builds, boots, captures, shows
# the summary and verifies the file.  demo.sh [--tap]
# With --tap only the results of the verification are printed.
. "$(dirname "$0")/../scripts/lib.sh"

tap=
case ${1:-} in
'')	;;
--tap)	tap=1 ;;
*)	die "no such option: $1" ;;
esac
out=$HONE_CACHE/out/demo
rm -rf "$out"
mkdir -p "$out"

"$HONE_TOP/scripts/setup.sh" build guest
kernel=$("$HONE_TOP/qemu/kernel.sh" y)
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh")

start=$SECONDS
"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
	--out "$out" --timeout 180 demo || {
	[ ! -e "$out/output" ] || cat "$out/output" >&2
	die "the demo failed in the guest; what it left is in $out"
}
say "the guest's programs: done in $((SECONDS - start)) s"

if [ -n "$tap" ]; then
	exec "$HONE_TOP/qemu/demo-verify.sh" "$out"
fi
status=0
"$HONE_TOP/qemu/demo-verify.sh" "$out" >"$out/verify" || status=$?
cat "$out/summary.txt"
echo
if [ "$status" -eq 0 ]; then
	echo "Verified in $(grep -c '^ok' "$out/verify") ways."
else
	grep '^not ok\|^#' "$out/verify"
fi
echo "The capture: $out/capture.pcapng"
exit "$status"
