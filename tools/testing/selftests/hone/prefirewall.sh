#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Before and behind the firewall: what policy drops is seen by a reader that
# asks for it, and only by that one; what passes by both, with its process.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

dir=$(mktemp -d)

begin_with_reader
if ! iptables-legacy -S INPUT >/dev/null 2>&1; then
	ktap_skip_all "no iptables-legacy, or no table of filters"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 13
cleanup()
{
	iptables-legacy -F
	rm -rf "$dir"
}
trap cleanup EXIT

explain()
{
	for f in early late; do
		sed "s/^/$f: /" "$dir/$f" | grep PAKT | tail -n 15
	done
}

# seen READER DIRECTION WORD: so many packets.
seen()
{
	grep "^PAKT $2" "$dir/$1" | grep -c "$3"
}

late_alone()
{
	begin late --text="$dir/late"
	late=$pid
	ping -c 1 -W 1 127.0.0.3 >/dev/null
	kill -INT $late
	wait $late
	grep -v "^HEAD" "$dir/late" >"$dir/alone"
	[ "$(seen late O dst=127.0.0.3)" -eq 1 ] &&
		[ "$(seen late I dst=127.0.0.3)" -eq 0 ]
}

iptables-legacy -A INPUT -d 127.0.0.3 -j DROP
iptables-legacy -A OUTPUT -d 127.0.0.4 -j DROP
check "behind, alone: nothing that is dropped" late_alone

# Who reads may be kept from it for a while.
begin early --text="$dir/early" --pre-firewall --resolve-window 20000
early=$pid
begin late --text="$dir/late" --resolve-window 20000
late=$pid
ping -c 3 -i 0.1 -W 1 127.0.0.3 >/dev/null
# It is told, and sends no other.
ping -c 1 -W 1 127.0.0.4 >/dev/null 2>&1
ping -c 3 -i 0.1 127.0.0.1 >/dev/null
./sockets send 7010 20 100 </dev/null >/dev/null
./sockets tcp 7011 </dev/null >/dev/null
kill -INT $early $late
wait $early
check "the early reader ends well" test $? -eq 0
wait $late
check "the late reader ends well" test $? -eq 0

check "before: dropped on its way in" test "$(seen early I dst=127.0.0.3)" -eq 3
check "behind: not" test "$(seen late I dst=127.0.0.3)" -eq 0
check "behind: it had been sent" test "$(seen late O dst=127.0.0.3)" -eq 3
check "before: dropped on its way out" \
	test "$(seen early O dst=127.0.0.4)" -eq 1
check "before: and by whom" \
	test "$(seen early O 'comm=ping.*dst=127.0.0.4')" -eq 1
check "behind: not" test "$(seen late . dst=127.0.0.4)" -eq 0
check "before: what is delivered has its process" \
	test "$(seen early I 'comm=sockets.*:7010.*quality=exact')" -eq 20
check "behind: the same" \
	test "$(seen late I 'comm=sockets.*:7010.*quality=exact')" -eq 20
check "both see the same of what passes" \
	test "$(seen early . :7011)" -eq "$(seen late . :7011)"
check "no packet is seen twice" test "$(seen early . ':7010.*:7010')" -eq 40
ktap_finished
