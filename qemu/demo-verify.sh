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

# A stock tool reads all of the file and has nothing to complain about.
reads()
{
	local tool=$1 name="$1 reads the file without a warning" status=0

	command -v "$tool" >/dev/null || {
		skip "$name" "$tool is not installed"
		return
	}
	"$@" >"$tmp/text" 2>"$tmp/err" || status=$?
	grep -v '^Running as user "root"\|^reading from file' "$tmp/err" \
		>"$tmp/why" && status=1
	[ -s "$tmp/text" ] || status=1
	result "$status" "$name"
}

echo "TAP version 13"
reads capinfos "$file"
reads tshark -n -r "$file"
reads tcpdump -n -r "$file"

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
while read -r line; do
	case $line in
	'ok '*)		result 0 "${line#ok }" ;;
	'not ok '*)	result 1 "${line#not ok }" ;;
	esac
done <"$tmp/blocks"
echo "1..$count"
[ "$bad" -eq 0 ]
