#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Holds the demo's capture against what its programs did; prints TAP.
#   demo-verify.sh DIR
. "$(dirname "$0")/../scripts/lib.sh"

dir=${1:?which directory?}
file=$dir/capture.pcapng
[ -s "$file" ] || die "$file: is missing or empty"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0 bad=0

result()
{
	local verdict=$1 name=$2

	count=$((count + 1))
	if [ "$verdict" = 0 ]; then
		echo "ok $count $name"
	else
		bad=$((bad + 1))
		echo "not ok $count $name"
		sed 's/^/# /' "$tmp/why" | head -n 20
	fi
}

skip()
{
	count=$((count + 1))
	echo "ok $count $1 # SKIP $2"
}

# Results of another program, a line each, are among ours.
pass_on()
{
	local line

	while read -r line; do
		case $line in
		'ok '*'# SKIP '*)
			line=${line#ok }
			skip "${line%% # SKIP *}" "${line#*# SKIP }" ;;
		'ok '*)		result 0 "${line#ok }" ;;
		'not ok '*)	result 1 "${line#not ok }" ;;
		esac
	done < <(sed 's/^\(ok\|not ok\) [0-9]* */\1 /' "$1")
}

echo "TAP version 13"
# Stock tools read all of the file and have nothing to complain about.
"$HONE_TOP/tools/hone/tests/judges.sh" \
	"$HONE_CACHE/tools/hone-relayread" "$file" >"$tmp/judged" || true
grep '^#' "$tmp/judged" >"$tmp/why" || true
pass_on "$tmp/judged"

# Each program with packets out and in, as tshark sees them.
if command -v tshark >/dev/null; then
	tshark -n -r "$file" -T fields -E separator=, \
		-e frame.packet_flags_direction -e frame.comment \
		>"$tmp/fields" 2>/dev/null
	for comm in wget httpd nc nc.openbsd dnsmasq nslookup ping ping6; do
		for way in 'out 2' 'in 1'; do
			status=0
			grep -qE "^0x0*${way#* },(.* )?COMM=$comm( |\$)" \
				"$tmp/fields" || status=1
			echo "no packet of $comm" >"$tmp/why"
			result $status "$comm has packets ${way% *}"
		done
	done
	tshark -n -r "$file" -Y 'frame.comment contains "COMM=wget"' \
		>"$tmp/wget" 2>/dev/null || true
	status=0
	[ -s "$tmp/wget" ] || status=1
	echo "the filter finds nothing" >"$tmp/why"
	result $status "a display filter finds wget"
else
	skip "programs by comment" "tshark is not installed"
fi

# What stock tools do not look at: Hone's own blocks.
perl "$HONE_TOP/qemu/demo-verify.pl" "$file" 50 /usr/bin/hone-once \
	>"$tmp/blocks" 2>"$tmp/why" || {
	grep -q '^not ok' "$tmp/blocks" || result 1 "the file's blocks"
}
pass_on "$tmp/blocks"
echo "1..$count"
[ "$bad" -eq 0 ]
