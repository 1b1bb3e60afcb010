#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Three readers at once, under load: one ends as it should, one is killed, and
# one is stopped for HONE_TEST_STOP seconds, in which its buffers run over. None
# disturbs another, and each account is exact. The files are left in
# HONE_TEST_FILES.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

debug=/sys/kernel/debug/hone
dir=$(mktemp -d)
trap 'touch $dir/over; rm -rf "$dir"' EXIT

begin_with_reader
ktap_set_plan 13

explain()
{
	tail -n 5 "$dir"/*.log
}

number()
{
	sed -n "s/^\([0-9]*\) packets $2.*/\1/p" "$dir/$1.log"
}

# The account of reader $1 adds up.
exact()
{
	sum=$(($(number "$1" captured) + $(number "$1" filtered) + \
	       $(number "$1" lost)))
	echo "# $1: $(tr '\n' ';' <"$dir/$1.log")"
	[ "$(number "$1" seen)" = $sum ]
}

# What the programs write down is of one run: a log has room for a few.
load()
{
	while [ ! -e "$dir/over" ]; do
		rm -f "$dir/log"
		./truth "$dir/log" --rounds 400 udp tcp tcp-bulk \
			>"$dir/load.log" 2>&1 || break
	done
	[ -e "$dir/over" ]
}
load &
load=$!

begin whole -o "$dir/whole.pcapng" -s 96 udp
whole=$pid
begin killed -o "$dir/killed.pcapng" tcp
killed=$pid
before=$(echo $debug/s*)
begin stopped -o "$dir/stopped.pcapng" -B 128
stopped=$pid
for session in "$debug"/s*; do
	case " $before " in
	*" $session "*)	;;
	*)	break ;;
	esac
done
check "three sessions" test "$(cat /sys/kernel/hone/sessions)" -eq 3

kill -STOP $stopped
# Killed while it writes: it has more than it has begun with.
head=$(stat -c %s "$dir/killed.pcapng")
until [ "$(stat -c %s "$dir/killed.pcapng")" -gt "$head" ]; do
	kill -0 $killed || break
done
kill -KILL $killed
wait $killed 2>/dev/null
check "the killed one's session is gone" \
	test "$(cat /sys/kernel/hone/sessions)" -eq 2
until [ "$(column "$session/stats" all packet lost)" -gt 1000 ]; do
	kill -0 $stopped || break
done
lost=$(column "$session/stats" all packet lost)
sleep "${HONE_TEST_STOP:-10}"
check "packets were lost all the time" \
	test "$(column "$session/stats" all packet lost)" -gt "$lost"
kill -CONT $stopped
kill -INT $stopped
wait $stopped
check "the stopped one ends well" test $? -eq 0
check "it has lost packets" test "$(number stopped lost)" -gt 1000
check "its account is exact" exact stopped
kill -INT $whole
wait $whole
check "the third one ends well" test $? -eq 0
check "it has lost none" test "$(number whole lost)" -eq 0
check "it has left out the others" test "$(number whole filtered)" -gt 0
check "its account is exact" exact whole
touch "$dir/over"
wait $load
check "the load has gone on to the end" test $? -eq 0
check "no session is left" test "$(cat /sys/kernel/hone/sessions)" -eq 0
check "each has a file" test -s "$dir/whole.pcapng" -a \
	-s "$dir/killed.pcapng" -a -s "$dir/stopped.pcapng"
if [ -n "${HONE_TEST_FILES:-}" ]; then
	for f in whole killed stopped; do
		cp "$dir/$f.pcapng" "$HONE_TEST_FILES/readers-$f.pcapng"
	done
fi
ktap_finished
