#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Capture from boot, as the kernel's command line wants it: with a filter that
# is one it is taken over, with one that is none there is no capture, and
# without a filter it is ended.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

debug=/sys/kernel/debug/hone
sys=/sys/kernel/hone
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

ktap_print_header
if ! grep -q 'hone.boot=on' /proc/cmdline || [ -z "$reader" ]; then
	ktap_skip_all "not booted with hone.boot=on, or no hone-relayread"
	exit "$KSFT_SKIP"
fi

explain()
{
	[ ! -e "$dir/log" ] || cat "$dir/log"
}

fails()
{
	! "$@" 2>/dev/null
}

is()
{
	[ "$(cat "$1")" = "$2" ]
}

write()
{
	echo "$2" >"$1"
}

has_packets()
{
	[ "$(awk '$1 == "all" && $2 == "packet" { print $3 }' \
		$debug/s0/stats)" -gt 0 ]
}

if grep -q 'hone.boot_filter=bogus' /proc/cmdline; then
	ktap_set_plan 4
	check "a filter that is none is told of" sh -c \
		"dmesg | grep -q 'no capture from boot: bogus: no such command'"
	check "there is no capture" is $sys/boot off
	check "nor a session" is $sys/sessions 0
	check "nor one to take over" test ! -e $debug/boot
	ktap_finished
fi

if ! grep -q 'hone.boot_filter=' /proc/cmdline; then
	ktap_set_plan 6
	check "it waits" is $sys/boot on
	check "it has packets" has_packets
	check "it cannot be switched on" fails write $sys/boot on
	check "it can be switched off" write $sys/boot off
	check "no session is left" is $sys/sessions 0
	check "nor one to take over" fails "$reader" --boot -o "$dir/none"
	ktap_finished
fi

ktap_set_plan 16
check "a value that is none is told of" sh -c \
	"dmesg | grep -q '.maybe. invalid for parameter .hone.boot'"
check "it waits" is $sys/boot on
check "one session" is $sys/sessions 1
check "nobody reads it yet" fails cat $debug/s0/events0
check "its file is for reading alone" test \
	"$(stat -c %a $debug/boot)" = 400

mkfifo "$dir/ready"
"$reader" --boot -o "$dir/boot.pcapng" --text="$dir/text" --ready-fd 3 \
	3>"$dir/ready" 2>"$dir/log" &
pid=$!
check "it is taken over" read -r _ <"$dir/ready"
check "it waits no more" is $sys/boot off
check "it is taken over once" fails "$reader" --boot -o "$dir/none"
wget -q -O /dev/null http://127.0.0.1:7777/ 2>/dev/null
kill -INT $pid
wait $pid
check "it ends well" test $? -eq 0
check "no session is left" is $sys/sessions 0

# The machine has pinged itself before it ran any test.
check "packets of before the reader" grep -aq 'COMM=[p]ing' "$dir/boot.pcapng"
check "the first programs" grep -q 'EXEC.* argv=mount,-t,proc' "$dir/text"
check "packets since" grep -aq 'COMM=[w]get' "$dir/boot.pcapng"
number()
{
	sed -n "s/^\([0-9]*\) packets\{0,1\} $1.*/\1/p" "$dir/log"
}
exact()
{
	echo "# $(tr '\n' ';' <"$dir/log")"
	[ "$(number seen)" = $(($(number captured) + $(number filtered) + \
		$(number lost) + $(number overwritten))) ]
}
check "its account is exact" exact
check "nothing is overwritten" test "$(number overwritten)" -eq 0
check "nor is one to take over left" fails "$reader" --boot -o "$dir/none"
if [ -n "${HONE_TEST_FILES:-}" ]; then
	cp "$dir/boot.pcapng" "$HONE_TEST_FILES/"
fi
ktap_finished
