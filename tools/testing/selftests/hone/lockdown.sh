#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A kernel that is locked down: nobody begins a session or changes one that
# waits, and what has captured since boot can be read. There is no way back: it
# wants a guest of its own, booted with hone.boot=on.
cd "$(dirname "$0")" || exit 1
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

debug=/sys/kernel/debug/hone
sys=/sys/kernel/hone
lockdown=/sys/kernel/security/lockdown
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

ktap_print_header
mount -t securityfs security /sys/kernel/security 2>/dev/null
if [ ! -e $lockdown ] || [ ! -e $debug/boot ] || [ -z "$reader" ]; then
	ktap_skip_all "no $lockdown, not booted with hone.boot=on, or no hone-relayread"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 44

explain()
{
	cat $lockdown
	[ ! -e "$dir/log" ] || cat "$dir/log"
}

reads()
{
	(exec 9<"$1")
}

writes()
{
	(exec 9<>"$1")
}

# refused HOW FILE: it cannot be opened so, and that is lockdown.
refused()
{
	! "$@" 2>"$dir/why" || return 1
	grep -qi "not permitted" "$dir/why"
}

is()
{
	[ "$(cat "$1")" = "$2" ]
}

same()
{
	cat "$1" >"$dir/was"
	cat "$dir/was" >"$1"
}

lock()
{
	echo "$1" >$lockdown && grep -qF "[$1]" $lockdown
}

fails()
{
	! "$@" >"$dir/log" 2>&1
}

# What can be opened, and what not.
files()
{
	check "$1: no new session" refused writes $debug/control
	check "$1: nor to look at one" refused reads $debug/control
	check "$1: that from boot takes no command" refused writes $debug/boot
	check "$1: and still waits" is $sys/boot on
	check "$1: its account is read" reads $debug/s0/stats
	for file in events0 snapshot stats; do
		check "$1: $file of one that runs is read" reads \
			"$debug/s1/$file"
		check "$1: and not written" refused writes "$debug/s1/$file"
	done
	check "$1: sockets are shown" grep -q '^id ' /proc/net/hone
	for file in snaplen comment host_id; do
		check "$1: $file can be set" same $sys/$file
	done
}

check "that from boot is there" is $sys/sessions 1
exec 3<>$debug/control
echo start >&3
check "one that has begun is there" test -d $debug/s1
check "not locked down" grep -qF '[none]' $lockdown

check "locked down for integrity" lock integrity
files integrity
check "a reader does not start" fails "$reader" -o "$dir/none"
check "and says why that may be" grep -q "locked down" "$dir/log"
check "locked down for confidentiality" lock confidentiality
files confidentiality
check "who has a session may still end it" sh -c "echo stop >&3"
exec 3>&-
check "and it is gone" test ! -e $debug/s1

"$reader" --boot -o "$dir/boot.pcapng" 2>"$dir/log"
check "what was captured from boot is read" test $? -eq 0
check "the reader tells that there is no more" grep -q "locked down" "$dir/log"
check "there are packets of before" grep -aq 'COMM=[p]ing' "$dir/boot.pcapng"
check "no session is left" is $sys/sessions 0
check "it is read once" fails "$reader" --boot -o "$dir/none"
if [ -n "${HONE_TEST_FILES:-}" ]; then
	cp "$dir/boot.pcapng" "$HONE_TEST_FILES/lockdown-boot.pcapng"
fi
ktap_finished
