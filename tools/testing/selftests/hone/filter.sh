#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Filters: what the kernel leaves out by expression and direction, what the
# reader leaves out by process, and that the account says so.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

begin_with_reader
ktap_set_plan 26

explain()
{
	cat "$dir/text" "$dir/log"
}

# Three echo requests, each with its answer, and a question to nobody.
traffic()
{
	ping -c 3 -i 0.1 -q 127.0.0.1 >/dev/null
	nslookup nowhere 127.0.0.1 >/dev/null 2>&1
}

# capture COMMAND [READER ARG]...: runs it while the reader captures.
capture()
{
	command=$1
	shift
	mkfifo "$dir/ready"
	"$reader" --text="$dir/text" --ready-fd 3 "$@" \
		3>"$dir/ready" >"$dir/log" 2>&1 &
	pid=$!
	read -r _ <"$dir/ready"
	rm "$dir/ready"
	$command
	kill -INT $pid
	wait $pid
}

packets()
{
	grep '^PAKT' "$dir/text" | grep -c "$1"
}

others()
{
	grep '^PAKT' "$dir/text" | grep -vc "$1"
}

# What the totals say: number of line $1.
total()
{
	sed -n "s/^\\([0-9]*\\) packets* $1.*/\\1/p" "$dir/log"
}

adds_up()
{
	[ "$(total seen)" -eq $(($(total captured) + $(total filtered) +
				 $(total lost))) ]
}

capture traffic icmp
check "expression: all that match" test "$(packets proto=icmp)" -ge 12
check "expression: nothing else" test "$(others proto=icmp)" -eq 0
check "expression: the rest is counted" test "$(total filtered)" -ge 1
check "expression: the account adds up" adds_up

capture traffic -Q out icmp and 'icmp[icmptype] == icmp-echo'
check "direction: half of them" test "$(packets '^PAKT O')" -eq 3
check "direction: nothing else" test "$(others '^PAKT O')" -eq 0

capture traffic --comm=nslookup
check "process: its packets" test "$(packets comm=nslookup)" -ge 1
check "process: nothing else" test "$(others comm=nslookup)" -eq 0
check "process: the account adds up" adds_up

# A process that waits to be told to send.
mkfifo "$dir/go" "$dir/pid"
sh -c "echo \$\$ >$dir/pid; read -r _ <$dir/go
	exec ping -c 3 -i 0.1 -q 127.0.0.1" >/dev/null &
sender=$!
read -r excluded <"$dir/pid"
excluded_sends()
{
	echo >"$dir/go"
	wait $sender
	traffic
}
capture excluded_sends --exclude-pid="$excluded" icmp
check "exclusion: not that process" test "$(packets " pid=$excluded ")" -eq 0
check "exclusion: the others" test "$(packets comm=ping)" -ge 6

# Somebody busy, who is refused.
while :; do
	nc 127.0.0.2 9 </dev/null 2>/dev/null
done &
other=$!

# Three generations: request and answer, each sent and received.
sh -c "echo \$\$ >$dir/pid; read -r _ <$dir/go
	ping -c 1 -q 127.0.0.3
	sh -c 'ping -c 1 -q 127.0.0.4; sh -c \"ping -c 1 -q 127.0.0.5; :\"; :'
	:" >/dev/null &
sender=$!
read -r root <"$dir/pid"
generations()
{
	echo >"$dir/go"
	wait $sender
}
capture generations --record="$dir/raw" --pid="$root" --follow-forks
mv "$dir/text" "$dir/live"
check "generations: the tree's, and nothing else" \
	test "$(grep -c ^PAKT "$dir/live")" -eq 12
check "generations: nobody else" test "$(grep -c 127.0.0.2 "$dir/live")" -eq 0
for n in 3 4 5; do
	check "generations: all of number $n" \
		test "$(grep '^PAKT' "$dir/live" | grep -c "127.0.0.$n")" -eq 4
done
check "generations: others are counted" test "$(total filtered)" -ge 4
check "generations: the account adds up" adds_up
"$reader" -q -r "$dir/raw" --text="$dir/text"
check "generations: the kernel has left out the others" \
	test "$(grep -c "^PAKT.*127.0.0.2" "$dir/text")" -eq 0
again()
{
	"$reader" -q -r "$dir/raw" --text="$dir/text" --pid="$root" \
		--follow-forks
	grep '^PAKT' "$dir/text" >"$dir/packets"
	grep '^PAKT' "$dir/live" | cmp - "$dir/packets"
}
check "generations: the same again from the recorded stream" again
capture traffic --netns=/proc/self/ns/net --cgroup=/ --gid=0 icmp
check "namespace, cgroup and group: their packets" \
	test "$(packets proto=icmp)" -ge 12
capture traffic --netns=1 icmp
check "namespace: no other's" test "$(packets proto=icmp)" -eq 0
capture traffic --conn=1
check "connection: no other's" test "$(packets proto=icmp)" -eq 0

# What a command and its children send, and nothing of who is refused.
"$reader" --text="$dir/text" -- \
	sh -c 'ping -c 3 -i 0.1 -q 127.0.0.1 >/dev/null; exit 3' 2>"$dir/log"
check "command: the reader ends well" test $? -eq 0
check "command: its children's packets" \
	test "$(packets 'comm=ping.*127.0.0.1')" -ge 6
check "command: nothing else" test "$(packets 127.0.0.2)" -eq 0
kill $other
