#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Sessions that count: exact totals of what is known to be sent, at intervals,
# as sockets are closed, and at the end; two sessions at once.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

dir=$(mktemp -d)
trap 'exec 5>&- 6>&-; rm -rf "$dir"' EXIT

begin_with_reader
ktap_set_plan 15

explain()
{
	grep -h "^COUNT" "$dir"/first "$dir"/second
}

# counts READER PATTERN: of the lines that match.
counts()
{
	grep "^COUNT" "$dir/$1" | grep -c -- "$2"
}

# sum READER PATTERN KEY: of packets and bytes.
sum()
{
	grep "^COUNT" "$dir/$1" | grep -- "$2" |
		sed -n "s/.* $3=\\([0-9]*\\),\\([0-9]*\\).*/\\1 \\2/p" |
		awk '{ p += $1; b += $2 } END { print p + 0 " " b + 0 }'
}

until_there()
{
	while ! grep -q -- "$2" "$dir/$1"; do
		kill -0 "$pid" || return 1
	done
}

is()
{
	[ "$1" = "$2" ] || {
		echo "# '$1' is not '$2'"
		return 1
	}
}

begin first --text="$dir/first" --count-only=1
one=$pid
hold 5 ./sockets send 7020 20 100
a=$held
# 100 bytes, and 28 of IP and UDP.
table()
{
	is "$(awk '$4 == "127.0.0.1:7020" { print $11, $12, $13, $14 }' \
		/proc/net/hone)" "20 2560 20 2560"
}
check "/proc/net/hone counts" table
until_there first " pid=$a .* total_in=20,2560 total_out=20,2560"
check "after an interval" is $? 0
conn=$(sed -n "s/^COUNT.* pid=$a .* conn=\\([0-9]*\\) .*/\\1/p" \
	"$dir/first" | head -n 1)
check "it goes on" is "$(counts first " pid=$a .* end=1")" 0

begin second --text="$dir/second" --count-only
two=$pid
hold 6 ./sockets send 7021 10 200
b=$held
exec 6>&-
wait "$b"
until_there first " pid=$b .* end=1"
check "as a socket is closed" is $? 0
until_there second " pid=$b .* end=1"
check "and in another session, long before its interval" is $? 0
./sockets timewait 7022 </dev/null >/dev/null
kill -INT $two
wait $two
check "the second reader ends well" is $? 0
exec 5>&-
wait "$a"
kill -INT $one
wait $one
check "the first reader ends well" is $? 0

check "each byte sent once" is "$(sum first " pid=$a " out)" "20 2560"
check "each byte received once" is "$(sum first " pid=$a " in)" "20 2560"
check "the socket's are the same" is \
	"$(grep -v ' pid=' "$dir/first" >"$dir/socks"
	   sed -n "s/^COUNT.* conn=$conn .* total_in=\\([^ ]*\\) total_out=\\([^ ]*\\) end=1/\\1 \\2/p" "$dir/socks")" \
	"20,2560 20,2560"
check "the second session: what both have seen" is \
	"$(sum second " pid=$b " in) $(sum second " pid=$b " out)" \
	"10 2280 10 2280"
check "the second session: nothing of before it" is \
	"$(counts second " pid=$a ")" 0
check "TCP is counted" test "$(sum first comm=sockets out | cut -d' ' -f1)" -gt 34
check "no packet is recorded" is "$(grep -c '^PAKT' "$dir/first")" 0
check "nothing is lost" grep -q '^0 packets lost' "$dir/first.log"
ktap_finished
