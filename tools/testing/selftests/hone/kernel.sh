#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Sockets of the kernel's own: a 9p mount connects in the call of mount(2), and
# a kernel thread sends what the file system asks.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

dir=$(mktemp -d)
port=5640
cleanup()
{
	kill "$server" "$mount" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

begin_with_reader
if ! command -v nc >/dev/null || ! grep -qw 9p /proc/filesystems; then
	ktap_skip_all "no nc, or no 9p file system"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 5

explain()
{
	cat "$dir/text" "$dir/log"
}

# The line of the packet out to the server whose flags match.
sent()
{
	grep '^PAKT O' "$dir/text" | grep "dst=127.0.0.1:$port " | grep "$1"
}

is_sent()
{
	sent "$1" >/dev/null
}

# It ends by itself when three packets with data or SYN came: the SYN, its
# answer and the first request.
mkfifo "$dir/ready" "$dir/input"
"$reader" --text="$dir/text" --ready-fd 3 -c 3 -Q out \
	"tcp port $port and tcp[tcpflags] & (tcp-syn | tcp-push) != 0" \
	3>"$dir/ready" 2>"$dir/log" &
pid=$!
read -r _ <"$dir/ready"
# The server only listens, and never answers.
nc -l -p "$port" <"$dir/input" >/dev/null &
server=$!
exec 4>"$dir/input"
until grep -qi ":$(printf %04X $port) .* 0A " /proc/net/tcp /proc/net/tcp6; do
	kill -0 $server || break
done
mount -t 9p -o "trans=tcp,port=$port,version=9p2000.L" 127.0.0.1 "$dir" &
mount=$!
wait $pid
check "three packets" test $? -eq 0
check "who connects is who mounts" is_sent "pid=$mount .*comm=mount .*quality=exact"
check "who sends is a kernel thread" is_sent 'comm=kworker/.*quality=exact'
thread=$(sent 'comm=kworker/' | sed -n 's/.* id=\([0-9]*\) .*/\1/p')
check "which is known as one" grep -q "^KTHD .* id=${thread:-none} " "$dir/text"
check "what answers is the server's" sh -c \
	"grep '^PAKT O.*src=127.0.0.1:$port ' '$dir/text' |
		grep -q 'pid=$server .*comm=nc .*made=kernel'"

ktap_finished
