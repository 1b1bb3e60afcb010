#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# For a while sessions come and go under traffic, and namespaces and CPUs: what
# is wrong shows as a report of the kernel, for which the log is searched.
# HONE_TEST_CYCLES: so many sessions at least.
# shellcheck source=/dev/null
. ./ktap_helpers.sh

dir=/sys/kernel/debug/hone
cpu1=/sys/devices/system/cpu/cpu1/online
seconds=${1:-40}
cycles=${HONE_TEST_CYCLES:-1}

ktap_print_header
if [ ! -d $dir ]; then
	ktap_skip_all "no $dir"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 4

rm -f /tmp/over
traffic()
{
	while [ ! -e /tmp/over ]; do
		ping -c 5 -i 0.01 -W 1 127.0.0.1 >/dev/null
		echo x | nc -u -w 1 127.0.0.1 9 2>/dev/null
	done
}
# Once a session, beside its start, its reading or its end: these wait for each
# other, and in a loop would leave no time for sessions.
namespace()
{
	unshare -n sh -c 'ip link set lo up; ping -c 1 127.0.0.1' \
		>/dev/null 2>&1
}
hotplug()
{
	[ -w $cpu1 ] || return 0
	echo 0 >$cpu1
	echo 1 >$cpu1
}
traffic &
traffic=$!

n=0 bad=0 bytes=0
end=$(($(cut -d. -f1 /proc/uptime) + seconds))
while [ "$(cut -d. -f1 /proc/uptime)" -lt $end ] || [ $n -lt "$cycles" ]; do
	namespace &
	namespace=$!
	hotplug &
	hotplug=$!
	exec 3<>$dir/control
	printf 'subbuf_size 32\nsubbufs 4\nstart\n' >&3 || bad=$((bad + 1))
	s=$dir/$(sed -n 's/^dir: //p' <&3)
	cat "$s"/snapshot "$s"/events* >/tmp/stream 2>/dev/null
	[ "$(wc -c </tmp/stream)" -gt 1000 ] && bytes=$((bytes + 1))
	# Sometimes stopped first, sometimes closed at once.
	[ $((n % 2)) -eq 0 ] && echo stop >&3
	exec 3>&-
	[ -e "$s" ] && bad=$((bad + 1))
	wait $namespace $hotplug
	n=$((n + 1))
done
touch /tmp/over
wait $traffic
rm -f /tmp/over /tmp/stream

verdict()
{
	if [ "$1" = "$2" ]; then
		ktap_test_pass "$3"
	else
		ktap_test_fail "$3: $1, not $2"
	fi
}
verdict $bad 0 "sessions that would not start or stay away"
verdict $bytes $n "$n sessions that gave records"
verdict "$(echo $dir/s*)" "$dir/s*" "no session is left"
dmesg >/tmp/dmesg
verdict "$(grep -cE 'WARNING:|BUG:|KASAN' /tmp/dmesg)" 0 "no report of the kernel"
ktap_finished
