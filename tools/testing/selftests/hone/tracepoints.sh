#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The events are tracepoints too, with or without a session.
# shellcheck source=/dev/null
. ./ktap_helpers.sh

t=/sys/kernel/tracing
[ -d $t/events ] || mount -t tracefs tracefs $t 2>/dev/null

ktap_print_header
if [ ! -d $t/events/hone ]; then
	ktap_skip_all "no $t/events/hone"
	exit "$KSFT_SKIP"
fi
events="hone_fork hone_exec hone_exit hone_sock_open hone_sock_close
	hone_tcp_write hone_tcp_deliver hone_tcp_queue hone_deliver hone_consume hone_packet
	hone_sock_accept hone_sock_connect hone_sock_bind hone_sock_free"
# shellcheck disable=SC2086 # a list
set -- $events
ktap_set_plan $(($# + 3))

echo 0 >$t/tracing_on
echo >$t/trace
echo 1 >$t/events/hone/enable
echo 1 >$t/tracing_on
/bin/nc -l -p 5001 >/dev/null &
server=$!
until grep -q ':1389 ' /proc/net/tcp /proc/net/tcp6; do
	kill -0 $server || break
done
echo hello | /bin/nc 127.0.0.1 5001
wait $server
nslookup localhost 127.0.0.1 >/dev/null 2>&1
ping -c 1 127.0.0.1 >/dev/null
echo 0 >$t/tracing_on
cp $t/trace /tmp/trace
echo 0 >$t/events/hone/enable

for e in $events; do
	if grep -q " $e: " /tmp/trace; then
		ktap_test_pass "$e"
	else
		ktap_test_fail "$e"
	fi
done

if grep 'hone_exec:' /tmp/trace | grep -q 'comm=nc path=/bin/busybox'; then
	ktap_test_pass "exec tells the path"
else
	ktap_test_fail "exec tells the path"
fi
# No kernel address anywhere.
if grep -E '[^0-9a-f](0x)?ffff[0-9a-f]{12}' /tmp/trace >/dev/null; then
	ktap_test_fail "no kernel address"
else
	ktap_test_pass "no kernel address"
fi

# Enabled and disabled again, the hooks are gone: no packet is seen.
echo >$t/trace
echo 1 >$t/tracing_on
ping -c 1 127.0.0.1 >/dev/null
echo 0 >$t/tracing_on
if grep -q ' hone_' $t/trace; then
	ktap_test_fail "off again"
else
	ktap_test_pass "off again"
fi
echo >$t/trace
ktap_finished
