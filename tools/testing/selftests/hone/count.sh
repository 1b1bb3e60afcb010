#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Sessions that count: exact totals of what is known to be sent, at intervals,
# as sockets are closed, and at the end; two sessions at once.
# shellcheck source=/dev/null
. ./ktap_helpers.sh

dir=$(mktemp -d)
reader=$(command -v hone-relayread)
trap 'exec 5>&- 6>&-; rm -rf "$dir"' EXIT

ktap_print_header
if [ ! -d /sys/kernel/debug/hone ] || [ -z "$reader" ]; then
	ktap_skip_all "no /sys/kernel/debug/hone, or no hone-relayread"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 15

check()
{
	what=$1
	shift
	if "$@"; then
		ktap_test_pass "$what"
	else
		grep -h "^COUNT" "$dir"/first "$dir"/second | tail -n 30 |
			sed 's/^/# /'
		ktap_test_fail "$what"
	fi
}

# begin NAME ARG...: a reader; its pid is in $pid.
begin()
{
	name=$1
	shift
	mkfifo "$dir/ready"
	"$reader" --text="$dir/$name" --ready-fd 3 "$@" \
		3>"$dir/ready" 2>"$dir/$name.log" &
	pid=$!
	read -r _ <"$dir/ready"
	rm "$dir/ready"
}

# hold FD COMMAND...: runs it until descriptor FD is closed; waits for its line.
hold()
{
	mkfifo "$dir/in" "$dir/out"
	number=$1
	shift
	"$@" <"$dir/in" >"$dir/out" &
	held=$!
	eval "exec $number>'$dir/in'"
	read -r first <"$dir/out"
	rm "$dir/in" "$dir/out"
	[ "$first" = ready ]
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

begin first --count-only=1
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

begin second --count-only
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
