#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests hone-relayread over streams that hone-mkrec makes; results are TAP.
#   run.sh [--update] OBJECTS	where make has put the programs
# With --update what comes out becomes what is expected.
# shellcheck disable=SC2317 # t() and judge() call the functions
set -u
here=$(cd "$(dirname "$0")" && pwd)
update=
if [ "${1-}" = --update ]; then
	update=1
	shift
fi
obj=$(cd "${1:?usage: run.sh [--update] OBJECTS}" && pwd)
reader=$obj/hone-relayread
checked=$obj/sanitize/hone-relayread
golden=$here/golden
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export LC_ALL=C TZ=UTC
# What is run, with its options: all of them are to be among it.
exec 7>"$tmp/trace"
BASH_XTRACEFD=7
set -x

n=0
failed=0
result()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		failed=1
		sed 's/^/# /' "$tmp/log" | head -n 20
	fi
}

skip()
{
	n=$((n + 1))
	echo "ok $n $1 # SKIP $2"
}

# A test: what it shows, then a command that does it.
t()
{
	local what=$1

	shift
	"$@" >"$tmp/log" 2>&1
	result $? "$what"
}

have()
{
	command -v "$1" >/dev/null
}

# Judged by another program, if it is there: judge PROGRAM WHAT COMMAND...
judge()
{
	local prog=$1 what=$2

	shift 2
	if have "$prog"; then
		t "$what" "$@"
	else
		skip "$what" "$prog is not installed"
	fi
}

# A command's exit status and what it says: status N PATTERN COMMAND...
status()
{
	local want=$1 says=$2 got

	shift 2
	timeout 60 "$@" >"$tmp/stdout" 2>"$tmp/stderr"
	got=$?
	cat "$tmp/stderr"
	[ "$got" -eq "$want" ] || {
		echo "exit status $got, not $want"
		return 1
	}
	[ -z "$says" ] || grep -q -- "$says" "$tmp/stderr"
}

# The same as expected, or from now on.
same()
{
	if [ "$update" ]; then
		cp "$1" "$golden/$2"
	else
		cmp "$1" "$golden/$2" || diff "$golden/$2" "$1" | cat -v
	fi
	cmp -s "$1" "$golden/$2"
}

# Outputs of scenario $2 by program $1 to $3.*
convert()
{
	local want=0

	case $2 in
	bad-*)	want=4 ;;
	esac
	status "$want" '' "$1" -q -r "$tmp/$2.hone" -o "$3.pcapng" \
		--text="$3.txt" --json="$3.json" --print="$3.line" \
		--summary="$3.summary"
}

# tshark says so without complaint: shark FILE FILTER WANTED-NUMBER
shark()
{
	local got

	got=$(tshark -r "$1" -Y "$2" -T fields -e frame.number \
		2>"$tmp/tshark.log" | wc -l)
	grep -v 'Running as user' "$tmp/tshark.log"
	echo "$got packets with $2"
	[ "$got" -eq "$3" ] && ! grep -qi 'cut short\|corrupt\|isn.t' \
		"$tmp/tshark.log"
}

tcpdump_reads()
{
	local got

	got=$(tcpdump -n -r "$1" 2>"$tmp/tcpdump.log" | grep -c ' IP ')
	grep -v '^reading from file' "$tmp/tcpdump.log" >"$tmp/complaints"
	cat "$tmp/complaints"
	[ "$got" -eq "$2" ] && ! grep -qi 'truncated\|bad' "$tmp/complaints"
}

capinfos_reads()
{
	capinfos -c -o -M "$1" >"$tmp/capinfos" 2>&1
	cat "$tmp/capinfos"
	grep -q "Number of packets: *$2\$" "$tmp/capinfos" &&
		{ [ "$2" -lt 2 ] ||
		  grep -q 'Strict time order: *True' "$tmp/capinfos"; }
}

# An object a line, as strictly as the library reads it.
json_valid()
{
	perl -MJSON::PP -ne 'my $o = decode_json($_);
		die "line $.: what type?\n" unless $o->{type} && $o->{time};
		die "line $.: not as a line\n" unless /^\{[^\n]*\}\n\z/' "$1" &&
		[ -s "$1" ]
}

packets_in()
{
	grep -c '^PAKT' "$tmp/$1.txt"
}

mkdir -p "$golden"
"$obj/hone-mkrec" "$tmp" || exit 1

# Each story comes out as expected, and pleases every reader.
for f in "$tmp"/*.hone; do
	name=$(basename "$f" .hone)
	case $name in
	bad-newer|bad-empty|many)	continue ;;
	esac
	out=$tmp/$name
	t "$name: is read" convert "$reader" "$name" "$out"
	for kind in pcapng txt json line summary; do
		t "$name: $kind is as expected" same "$out.$kind" "$name.$kind"
	done
	judge perl "$name: what is said in JSON is valid" json_valid "$out.json"
	judge perl "$name: the file keeps its promises" \
		perl "$here/verify.pl" "$out.pcapng"
	packets=$(packets_in "$name")
	judge tshark "$name: tshark reads it" shark "$out.pcapng" frame "$packets"
	judge capinfos "$name: capinfos reads it" \
		capinfos_reads "$out.pcapng" "$packets"
	judge tcpdump "$name: tcpdump reads it" \
		tcpdump_reads "$out.pcapng" "$packets"
	t "$name: the checking build reads it" convert "$checked" "$name" \
		"$tmp/checked"
	t "$name: and says the same" cmp "$out.pcapng" "$tmp/checked.pcapng"
done

# They agree, scapy among them; and would not if something was amiss.
judged()
{
	local want=$1

	shift
	"$here/judges.sh" "$reader" "$@" >"$tmp/judged"
	[ $? -eq "$want" ] || {
		cat "$tmp/judged"
		return 1
	}
}
t "stock tools agree on the packets" judged 0 "$tmp/tcp.pcapng" \
	"$tmp/udp.pcapng" "$tmp/echo.pcapng" "$tmp/mptcp.pcapng"
head -c 1000 "$tmp/tcp.pcapng" >"$tmp/half.pcapng"
judge tcpdump "and do not on half a file" judged 1 "$tmp/half.pcapng"

# Whether a packet's record says who has read it, or one behind it.
for kind in pcapng line summary; do
	t "a record that names its reader: the same $kind" \
		cmp "$tmp/taken.$kind" "$tmp/taken-apart.$kind"
	t "records that name it before others are read: the same $kind" \
		cmp "$tmp/taken-around.$kind" "$tmp/taken-around-apart.$kind"
done

# Whose packets, as stock tools show it.
while read -r name count filter; do
	judge tshark "$name: $count packets with $filter" \
		shark "$tmp/$name.pcapng" "$filter" "$count"
done <<'END'
tcp 9 frame.comment contains "COMM=curl "
tcp 4 frame.comment contains "PID=301 TID=301 "
tcp 3 frame.comment contains "MADE=kernel"
tcp 6 frame.comment contains "PID=301 "
tcp 1 frame.comment contains "PID=301 TID=301 " && tcp.dstport == 80
handover 2 frame.comment contains "PID=301 TID=301 " && frame.comment contains "Q=exact"
handover 1 tcp.len == 3 && frame.comment contains "PID=301 "
udp 2 frame.comment contains "PID=0 COMM=kernel "
udp 1 frame.comment contains "COMM=kworker/0:1 "
udp 1 frame.comment contains "Q=owner"
multicast 1 frame.comment contains "PID=300 " && frame.comment contains "ALSO=1,200 "
two-cpus 4 frame.comment contains "PID=300 TID=300 " && frame.comment contains "Q=exact"
holders 1 frame.comment contains "COMM=gone "
holders 1 frame.comment contains "PID=301 TID=301 "
echo 4 frame.comment contains "COMM=kernel "
END

# Options of the output.
opts()
{
	local file=$1

	shift
	"$reader" -q -r "$tmp/tcp.hone" -o "$tmp/$file.pcapng" "$@"
}
t "--no-comment" opts plain --no-comment --process-info=none --usec
judge tshark "leaves comments out" shark "$tmp/plain.pcapng" frame.comment 0
judge tshark "and keeps the packets" shark "$tmp/plain.pcapng" frame 19
judge perl "and its promises" perl "$here/verify.pl" "$tmp/plain.pcapng"
t "--sll2" opts cooked --sll2
judge perl "keeps its promises" perl "$here/verify.pl" "$tmp/cooked.pcapng"
judge tshark "tells the interface" shark "$tmp/cooked.pcapng" 'sll.ifindex == 1' 19
judge tshark "the direction" shark "$tmp/cooked.pcapng" 'sll.pkttype == 4' 10
judge tshark "and the packet" shark "$tmp/cooked.pcapng" 'tcp.port == 80' 19
judge tcpdump "tcpdump reads it" sh -c \
	"tcpdump -nr '$tmp/cooked.pcapng' 2>'$tmp/null' | grep -c 'lo *Out IP' | grep -qx 10"
t "-c 5" opts five -c 5
judge tshark "leaves five packets" shark "$tmp/five.pcapng" frame 5
t "--no-resolve" opts now --no-resolve
judge tshark "names whom it knows at once" shark "$tmp/now.pcapng" \
	'frame.comment contains "TID=301 "' 3
t "--host-info=full --comment" opts host --host-info=full --comment=why
judge capinfos "tells of the host" sh -c \
	"capinfos '$tmp/host.pcapng' | grep -q 'Capture oper-sys: *Linux'"
# A number is followed by a word that agrees with it.
packets()
{
	if [ "$1" -eq 1 ]; then echo "1 packet"; else echo "$1 packets"; fi
}
totals()
{
	grep -qx "$(packets "$1") captured" "$3" &&
		grep -qx "$(packets "$2") filtered" "$3"
}
# Which packets are wanted, of 19; the words part at blanks.
printf 'dst port\n80\n' >"$tmp/expression"
of=tcp of_all=19
filtered()
{
	local want=$1 from

	shift
	for from in hone pcapng; do
		# PCAP-NG does not tell of network namespaces.
		case $from,$* in
		pcapng,*--netns*)	continue ;;
		esac
		"$reader" -r "$tmp/$of.$from" --text="$tmp/filtered.txt" "$@" \
			2>"$tmp/filtered.log"
		cat "$tmp/filtered.log"
		[ "$(grep -c '^PAKT' "$tmp/filtered.txt")" -eq "$want" ] ||
			return 1
		totals "$want" "$((of_all - want))" "$tmp/filtered.log" || return 1
	done
}
while read -r count args; do
	# shellcheck disable=SC2086 # they are words
	t "$count packets with $args" filtered "$count" $args
done <<END
10 -Q out
9 -Q in
19 -Q inout
9 --pid 201
15 --pid=201,301
0 --pid 1
9 --comm curl
9 --exe /usr/bin/curl
9 --uid 1000
10 --uid 33
9 --gid 1000
10 --gid 33,34
0 --cgroup /
9 --conn 501
9 --conn 502
9 --conn 0x1f6
18 --conn=501,502
0 --conn 501 --pid 301
19 --netns 4026531840
0 --netns=4026531841
10 --pid 300 --follow-forks
19 -i lo
19 -i eth0 -i lo
0 -i eth0
19 -i any
13 --exclude-pid 301
4 --comm httpd --pid 301 -Q out
8 dst port 80
8 -F $tmp/expression
4 tcp[tcpflags] & tcp-syn != 0
1 --pid 201 -Q in src port 80 and greater 40 and not less 41
END
of=followed of_all=5
while read -r count args; do
	# shellcheck disable=SC2086
	t "followed: $count packets with $args" filtered "$count" $args
done <<END
1 --comm curl
4 --comm curl --follow-forks
4 --pid 201 --uid 1000 --comm nobody --comm curl --follow-forks
2 --pid 202
2 --comm sh --exe /bin/sh
3 --cgroup /machine
1 --cgroup /machinery/
3 --cgroup /machine/web --cgroup /nowhere
4 --cgroup /
4 --cgroup /machine --follow-forks
0 --cgroup /machine --gid 1
END
t "a program that a filter cannot be made of" status 2 'syntax error' \
	"$reader" -r "$tmp/tcp.hone" prot tcp
# What the stack knows only of packets that come from devices.
for expression in inbound outbound 'ifindex 1' 'udp and not outbound'; do
	# shellcheck disable=SC2086
	t "$expression: is no filter here" status 2 'use -Q or -i' "$reader" \
		-r "$tmp/tcp.hone" $expression
done
t "-i: none of that name" status 0 'nosuch: no packet of such an interface' \
	"$reader" -r "$tmp/tcp.hone" -i nosuch -i lo --text="$tmp/x"
of_lo()
{
	! "$reader" -r "$tmp/tcp.hone" -i lo --text="$tmp/x" 2>&1 | grep 'such an'
}
t "nothing is said of one that is there" of_lo
t "-i: what is none" status 2 'no name of an interface' "$reader" \
	-i much-too-long-a-name
listed()
{
	"$reader" -D | tee "$tmp/listed"
	grep -qx '[0-9]*\.lo' "$tmp/listed"
}
t "-D" listed
t "-Q: what is none" status 2 'sideways' "$reader" -Q sideways
t "--pid: what is none" status 2 'no list of numbers' "$reader" --pid 1,x
t "--comm: too long" status 2 '1 to 15 bytes' "$reader" \
	--comm 0123456789abcdef
t "--gid: what is none" status 2 'no list of numbers' "$reader" --gid root
t "--cgroup: not absolute" status 2 'no absolute path' "$reader" \
	--cgroup system.slice
t "--cgroup: what is none" status 2 'no absolute path' "$reader" --cgroup /a//b
for cookie in 1f5 0x 0xg 501x; do
	t "--conn: $cookie is none" status 2 'no list of numbers' "$reader" \
		--conn $cookie
done
t "--pid: no hexadecimal one" status 2 'no list of numbers' "$reader" --pid 0x1
t "--conn: too many" status 2 'more than 16' "$reader" \
	--conn 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17
t "--netns: not there" status 2 'No such file' "$reader" --netns no-such-name
t "--netns: nothing" status 2 'names no network' "$reader" --netns ,
t "--netns: not one" status 2 'is no network namespace' "$reader" \
	--netns "$tmp/tcp.hone"
t "--netns: one of another kind" status 2 'is no network namespace' "$reader" \
	--netns /proc/self/ns/mnt
t "--netns by its path" status 0 '' "$reader" -r "$tmp/tcp.hone" --text="$tmp/x" \
	--netns /proc/self/ns/net
t "--exe: not absolute" status 2 'no absolute path' "$reader" --exe curl
t "--exclude-pid: too many" status 2 'more than 16' "$reader" \
	--exclude-pid 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17
printf 'tcp port\n' >"$tmp/half"
t "-F: what is none" status 2 "^hone-relayread: -F: $tmp/half: .*syntax error" \
	"$reader" -F "$tmp/half"
: >"$tmp/nothing"
t "-F: nothing in it is all" status 0 '19 packets captured' "$reader" \
	-r "$tmp/tcp.hone" -F "$tmp/nothing" --text="$tmp/x"
empty_pipe()
{
	: | "$reader" -r "$tmp/tcp.hone" -F /dev/stdin --text="$tmp/x" 2>&1 |
		tee "$tmp/said" | grep '^19 packets captured'
}
t "-F: nor in a pipe" empty_pipe
t "-F: not there" status 1 'No such file' "$reader" -F "$tmp/none"
t "an expression twice" status 2 '' "$reader" -F "$tmp/expression" tcp
piped()
{
	# shellcheck disable=SC2002 # it is to be a pipe
	cat "$tmp/udp.hone" | "$reader" -q -r - -o "$tmp/pipe.pcapng"
}
t "-r - reads a pipe" piped
# ends_by SIGNAL FILE PACKETS: so many have come by a pipe, which stays open.
ends_by()
{
	local pid line n=0 said

	rm -f "$tmp/in" "$tmp/out"
	mkfifo "$tmp/in" "$tmp/out"
	# Whoever runs this may ignore one.
	timeout --foreground 60 env --default-signal "$reader" -q -r "$tmp/in" \
		-o "$tmp/cut.pcapng" --text="$tmp/out" --summary="$tmp/cut" &
	pid=$!
	exec 8<>"$tmp/in"
	cat "$2" >&8
	exec 9<"$tmp/out"
	while [ "$n" -lt "$3" ] && read -r -t 60 line <&9; do
		case $line in
		PAKT*)	n=$((n + 1)) ;;
		esac
	done
	kill "-$1" "$pid"
	said=$(cat <&9)
	wait "$pid" || return 1
	exec 8>&- 9<&-
	echo "$said" | tee "$tmp/null" | grep -q '^TAIL' && [ -s "$tmp/cut" ] &&
		perl "$here/verify.pl" "$tmp/cut.pcapng"
}
# Nobody takes what goes out, which is more than a pipe holds.
blocked()
{
	for _ in $(seq 100); do
		cat "$tmp/tcp.pcapng"
	done >"$tmp/long.pcapng"
	rm -f "$tmp/out"
	mkfifo "$tmp/out"
	"$reader" -q -r "$tmp/long.pcapng" --text="$tmp/out" &
	pid=$!
	exec 9<"$tmp/out"
	read -r -t 60 _ <&9
}
# timeout(1) sends two; of so many the reader is told of more than one. If it has
# taken its time to hear of them that says nothing.
ends_by_echo()
{
	local pid said ended began now=0

	for ((began = -1000000; now - began > 900000;)); do
		blocked
		began=${EPOCHREALTIME//[!0-9]/}
		for _ in $(seq 1000); do
			kill -INT "$pid"
		done
		said=$(timeout 60 cat <&9)
		wait "$pid"
		ended=$?
		now=${EPOCHREALTIME//[!0-9]/}
		exec 9<&-
		echo "exit status $ended"
	done
	[ "$ended" -eq 0 ] && echo "$said" | tee "$tmp/null" | grep -q '^TAIL'
}
ends_at_once()
{
	local pid ended last=$((SECONDS + 60))

	blocked
	while [ "$SECONDS" -lt "$last" ] && kill -INT "$pid" 2>"$tmp/null"; do
		:
	done
	kill -KILL "$pid" 2>"$tmp/null"
	wait "$pid"
	ended=$?
	exec 9<&-
	echo "exit status $ended"
	[ "$ended" -eq 130 ]
}
if have perl; then
	for signal in INT TERM HUP; do
		t "SIG$signal ends what comes by a pipe" ends_by $signal \
			"$tmp/tcp.pcapng" 19
	done
	head -c -7 "$tmp/tcp.pcapng" >"$tmp/short.pcapng"
	t "also within a block" ends_by INT "$tmp/short.pcapng" 19
fi
# What is for captures does no harm to a file, nor what nohup(1) keeps away.
not_killed()
{
	local pid

	rm -f "$tmp/in"
	mkfifo "$tmp/in"
	env --ignore-signal=HUP "$reader" -q -r "$tmp/in" \
		-o "$tmp/cut.pcapng" &
	pid=$!
	exec 8>"$tmp/in"
	head -c 200 "$tmp/udp.hone" >&8
	kill -USR1 "$pid" && kill -USR2 "$pid" && kill -HUP "$pid"
	tail -c +201 "$tmp/udp.hone" >&8
	exec 8>&-
	wait "$pid" && cmp "$tmp/cut.pcapng" "$tmp/udp.pcapng"
}
t "SIGUSR1 and SIGUSR2 are not for files, nor HUP if it is ignored" not_killed
t "SIGINT at once once more says the same" ends_by_echo
t "SIGINT a second later ends all" ends_at_once
printf '\324\303\262\241\002\000\004\000aaaabbbbccccdddd' >"$tmp/classic.pcap"
t "a pcap file among others" status 4 'classic.pcap: is a pcap file' "$reader" \
	-r "$tmp/tcp.pcapng" -r "$tmp/classic.pcap" --text="$tmp/x"
# Standard output may be a file that has another name.
twice()
{
	rm -f "$tmp/twice"
	# shellcheck disable=SC2016 # it is a script
	status 1 'it is also another output' sh -c \
		'exec "$@" >"$0"' "$tmp/twice" "$reader" -r "$tmp/tcp.hone" "$@"
}
t "an output is standard output" twice -o "$tmp/twice" --print
t "so is text" twice --text --json="$tmp/twice"
t "so is a summary" twice -o "$tmp/twice" --summary=-
input_twice()
{
	cp "$tmp/tcp.hone" "$tmp/twice"
	# shellcheck disable=SC2016 # it is a script
	status 1 'standard output: it is also an input' sh -c \
		'exec "$@" >>"$0"' "$tmp/twice" "$reader" -r "$tmp/twice" &&
		cmp "$tmp/twice" "$tmp/tcp.hone"
}
t "or an input is" input_twice
t "two captures have both been seen" status 0 '^29 packets seen' "$reader" \
	-r "$tmp/tcp.pcapng" -r "$tmp/udp.pcapng" --text="$tmp/x"
told()
{
	local want=$1

	shift
	"$reader" -q "$@" >"$tmp/printed" 2>&1
	cat "$tmp/printed"
	[ "$(grep -cE "$want" "$tmp/printed")" -eq "$found" ]
}
found=1
t "who lost its records has no user" told '^ *?[^ ]* \?\[990\] tid 990 [^u]' \
	-v -r "$tmp/losses.hone"
found=0
t "and is not root" told '990' --uid 0 -r "$tmp/losses.hone"
found=1
t "a loss is told by the next packet that is wanted" told '8 lost before' \
	--pid 990 -r "$tmp/losses.hone"
t "also behind an expression" told '8 lost before' -r "$tmp/losses.hone" \
	greater 33
t "counts of a user of another's socket" told '^COUNT .*pid=770' \
	--pid 770 --text -r "$tmp/counts.hone"
t "by its name" told '^COUNT .*comm=curl' --comm curl --text \
	-r "$tmp/counts.hone"
t "though its owner is not wanted" told '^COUNT .*pid=770' \
	--exclude-pid 200 --text -r "$tmp/counts.hone"
found=0
t "and not for that one" told '^COUNT .*(pid=770|rest=1)' --pid 200 --text \
	-r "$tmp/counts.hone"
t "nor another socket's" told '^COUNT' --conn 5 --text -r "$tmp/counts.hone"
found=1
t "a summary names who counts" told '^curl \[770\]' --summary \
	-r "$tmp/counts.hone" -o "$tmp/x"
t "a summary has all receivers" told '^bash \[200\]' --summary \
	-r "$tmp/multicast.hone" -o "$tmp/x"
found=0
t "but not who is excluded" told '^httpd \[300\]' --summary --exclude-pid 300 \
	-r "$tmp/multicast.hone" -o "$tmp/x"
t "a loss is not told in another file" told 'lost before' --print src port 53 \
	-r "$tmp/losses.pcapng" -r "$tmp/udp.pcapng"
t "--uid 0: not who is not known" told PAKT --uid 0 --text -r "$tmp/ghost.hone"
t "nor in a file" told PAKT --uid 0 --text -r "$tmp/ghost.pcapng"
t "--debugfs: another directory" status 3 "--debugfs: $tmp: is not a directory" \
	"$reader" --debugfs="$tmp"
if [ -w /dev/full ]; then
	# The disk is full as the second file is to be written.
	turn_full()
	{
		rm -rf "$tmp/turn"
		mkdir "$tmp/turn"
		ln -s /dev/full "$tmp/turn/x1"
		status 1 'turn/x1: No space' "$reader" -r "$tmp/tcp.hone" \
			-o "$tmp/turn/x" -C 0.001 --text="$tmp/turn/t" "$@" &&
			grep -q '^TAIL' "$tmp/turn/t"
	}
	t "a disk that is full in between" turn_full
	t "and with a ring of files" turn_full -W 2
	helps_full()
	{
		! "$reader" --help 2>"$tmp/said" >/dev/full &&
			grep -q 'writing: standard output: No space' "$tmp/said"
	}
	t "--help where there is no room" helps_full
fi
t "and gives the same as a file" cmp "$tmp/pipe.pcapng" "$tmp/udp.pcapng"

# Lines for people, in all their forms.
line_is()
{
	local want=$1

	shift
	"$reader" -r "$tmp/udp.hone" -c 2 --print "$@" 2>"$tmp/null" |
		tail -n +2 >"$tmp/printed"
	cat "$tmp/printed"
	printf '%b\n' "$want" | cmp - "$tmp/printed"
}
printed='httpd[300] In lo IP 127.0.0.1.41000 > 127.0.0.1.53: UDP, length 8'
t "a line a packet" line_is "22:13:20.000110 $printed"
t "-t" line_is "$printed" -t
t "-tt" line_is "1700000000.000110 $printed" -tt
t "-ttt" line_is " 00:00:00.000000 $printed" -ttt
t "-tttt" line_is "2023-11-14 22:13:20.000110 $printed" -tttt
t "-ttttt" line_is " 00:00:00.000000 $printed" -ttttt -n
t "-q" line_is '22:13:20.000110 httpd[300] In lo IP 127.0.0.1.41000 > 127.0.0.1.53: UDP, length 8' -q
t "-v" line_is '22:13:20.000110 httpd[300] tid 300 uid 33 conn 600 In lo IP 127.0.0.1.41000 > 127.0.0.1.53: UDP, length 8' -v
dump_is()
{
	"$reader" -q -r "$tmp/udp.hone" -c 1 -t "$1" | tail -n +2 >"$tmp/printed"
	cat -A "$tmp/printed"
	shift
	printf '%s\n' "$@" | cmp - "$tmp/printed"
}
row1='4500 0024 0000 4000 4011 3cc7 7f00 0001' row2='7f00 0001 a028 0035 0010 a6ad 7175 6573'
t "-x" dump_is -x "	0x0000:  $row1" "	0x0010:  $row2" '	0x0020:  7469 6f6e'
t "-X" dump_is -X "	0x0000:  $row1  E..\$..@.@.<....." \
	"	0x0010:  $row2  .....(.5....ques" \
	'	0x0020:  7469 6f6e                                tion'
t "-A" dump_is -A 'E..$..@.@.<..........(.5....question'

# Nobody's name tells the terminal anything.
quiet_names()
{
	! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' \
		"$tmp/escapes.$1"
}
t "no control characters in text" quiet_names txt
t "nor in lines" quiet_names line
t "nor in a summary" quiet_names summary

# A summary keeps the heaviest, and the sum.
t "a summary of many processes" "$reader" -q -r "$tmp/many.hone" \
	--summary="$tmp/many.summary"
folded()
{
	head -n 1 "$tmp/many.summary"
	grep -A1 'other processes' "$tmp/many.summary"
	grep -q '^bash \[1077\]' "$tmp/many.summary" &&
		awk '/^bash \[/ { n++ }
			/other processes/ { others = $1 }
			/^  in / { sub(/.*out /, ""); out += $1 }
			END { print n, others, out
			      exit n + others != 20000 || others < 1 ||
				   out != 20000 }' "$tmp/many.summary"
}
t "keeps the heaviest of them and the sum" folded

# Rotation: each file stands alone, and each packet is in one of them.
turn()
{
	rm -rf "$tmp/turn"
	mkdir "$tmp/turn"
	"$reader" -q "$@"
}
stand_alone()
{
	local f

	for f in "$tmp/turn"/*; do
		perl "$here/verify.pl" "$f" || return 1
	done
}
files()
{
	find "$tmp/turn" -type f -printf '%f\n' | sort -V
}
named()
{
	echo "$*"
	files
	[ "$(files | tr '\n' ' ')" = "$* " ]
}
# Times and sources of the packets, over all files in order of their names.
packets_of()
{
	local f

	for f in "$@"; do
		tshark -r "$f" -T fields -e frame.time_epoch -e ip.src \
			-e frame.comment 2>"$tmp/null" || return 1
	done
}
once_each()
{
	local list

	mapfile -t list < <(files)
	packets_of "${list[@]/#/$tmp/turn/}" >"$tmp/turned"
	packets_of "$1" >"$tmp/unturned"
	wc -l <"$tmp/turned"
	[ -s "$tmp/turned" ] && cmp "$tmp/turned" "$tmp/unturned"
}
t "-C: a file for each packet" turn -r "$tmp/tcp.hone" -o "$tmp/turn/f" \
	-C 0.000001
t "they are numbered" named f f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13 f14 \
	f15 f16 f17 f18
judge perl "each stands alone" stand_alone
judge tshark "each packet is in one" once_each "$tmp/tcp.pcapng"
t "-C: files of a size" turn -r "$tmp/many.hone" -o "$tmp/turn/f" -C 2
sizes()
{
	stat -c '%s %n' "$tmp/turn"/*
	[ "$(find "$tmp/turn" -type f | wc -l)" -gt 3 ] &&
		[ "$(find "$tmp/turn" -type f -size +2000k | wc -l)" -eq 0 ]
}
t "none is much larger" sizes
judge perl "each stands alone" stand_alone
"$reader" -q -r "$tmp/many.hone" -o "$tmp/many.pcapng"
judge tshark "each packet is in one" once_each "$tmp/many.pcapng"
t "-C -W: a ring of files" turn -r "$tmp/many.hone" -o "$tmp/turn/f" -C 1 -W 3
t "three of them" named f0 f1 f2
judge perl "each stands alone" stand_alone
t "-G: files of a time" turn -r "$tmp/many.hone" -o "$tmp/turn/f" -G 0.006
t "four of 20 milliseconds" named f f1 f2 f3
judge perl "each stands alone" stand_alone
judge tshark "each packet is in one" once_each "$tmp/many.pcapng"
t "-G -W: ends after so many" turn -r "$tmp/many.hone" -o "$tmp/turn/f" \
	-G 0.006 -W 2 --text="$tmp/turn.txt"
t "two of them" named f f1
judge perl "each stands alone" stand_alone
all_in_files()
{
	cat "$tmp/turn/f" "$tmp/turn/f1" >"$tmp/turned"
	shark "$tmp/turned" frame "$(grep -c ^PAKT "$tmp/turn.txt")"
}
judge tshark "other outputs end with them" all_in_files
t "-G: names that tell the time" turn -r "$tmp/udp.hone" \
	-o "$tmp/turn/%Y-%H%M%S-" -G 0.1
t "and numbers" named 2023-221320- 2023-221320-1
run_for()
{
	# shellcheck disable=SC2016 # it is a script
	printf '#!/bin/sh\nmv "$1" "$1.done"\n' >"$tmp/post"
	chmod +x "$tmp/post"
	turn -r "$tmp/udp.hone" -o "$tmp/turn/f" -G 0.1 -z "$tmp/post"
	timeout 60 sh -c "until [ -e '$tmp/turn/f.done' ] &&
		[ -e '$tmp/turn/f1.done' ]; do :; done"
	named f.done f1.done
}
t "-z: a command for each" run_for
t "-z: one that is not there" status 0 'No such file' "$reader" -q \
	-r "$tmp/udp.hone" -o "$tmp/turn/g" -C 100 -z "$tmp/none"
t "-C: to standard output" status 2 'no file to go on' "$reader" \
	-r "$tmp/udp.hone" -o - -C 1
t "-C: nothing" status 2 'is nothing' "$reader" -C 0
t "-G: no number" status 2 'is not a number' "$reader" -G 1.5s
t "-W: alone" status 2 'go with' "$reader" -o "$tmp/turn/h" -W 3
t "a directory that is not there" status 1 'No such file' "$reader" -q \
	-r "$tmp/udp.hone" -o "$tmp/none/f" -C 1

# Several files are merged; the CPUs' streams may be in any.
mkdir "$tmp/cpus"
if have perl; then
	perl "$here/stream.pl" split "$tmp/two-cpus.hone" "$tmp/cpus"
	t "-r of one file for each CPU" "$reader" -q -r "$tmp/cpus/events2" \
		-r "$tmp/cpus/events0" -r "$tmp/cpus/snapshot" \
		-r "$tmp/cpus/events1" -o "$tmp/merged.pcapng"
	t "gives the same" cmp "$tmp/merged.pcapng" "$tmp/two-cpus.pcapng"
fi

# A session, with files in place of the kernel's.
session()
{
	local dir=$tmp/debug ready

	mkdir -p "$dir/s0"
	perl "$here/stream.pl" split "$tmp/tcp.hone" "$dir/s0"
	printf '%s\n' 'session: 0' 'dir: s0' 'state: new' \
		'subbuf_size: 262144' 'subbufs: 16' >"$dir/control"
	printf '%s\n' \
		'cpu kind seen filtered written lost overwritten bytes truncated' \
		'0 packet 1 1 1 1 0 1 0' 'all process 5 0 5 0 0 1 0' \
		'all socket 8 0 8 0 0 1 0' 'all actor 6 0 6 0 0 1 0' \
		'all packet 40 14 19 7 0 1 0' >"$dir/s0/stats"
	mkfifo "$tmp/ready"
	"$reader" --debugfs="$dir" -o "$tmp/session.pcapng" -s 100 -B 2048 \
		--record="$tmp/record.hone" --host-info=none --ready-fd 3 \
		3>"$tmp/ready" 2>"$tmp/session.log" &
	read -r ready <"$tmp/ready"
	kill -USR1 $!
	timeout 60 sh -c "until grep -q lost '$tmp/session.log'; do :; done"
	cp "$tmp/session.log" "$tmp/report.log"
	kill -HUP $!
	timeout 60 sh -c "until [ -s '$tmp/session.pcapng1' ]; do :; done"
	kill -TERM $!
	wait $! || return 1
	cat "$tmp/session.log"
	[ "$ready" = ready ]
}

# On a terminal, and only there.
status_line()
{
	mv "$tmp/debug/control" "$tmp/debug/old"
	head -n 5 "$tmp/debug/old" >"$tmp/debug/control"
	script -qec "'$reader' --debugfs='$tmp/debug' -o '$tmp/shown.pcapng' \
		--duration=3" "$tmp/typescript" >"$tmp/null" </dev/null
	mv "$tmp/debug/old" "$tmp/debug/control"
	cat -v "$tmp/typescript"
	grep -q 'packets, 0 a second; .* new processes; 7 lost' \
		"$tmp/typescript" && ! grep -q 'a second' "$tmp/session.log"
}

# The command begins when the capture has, and ends it.
run_command()
{
	rm -f "$tmp/ran"
	mv "$tmp/debug/control" "$tmp/debug/old"
	head -n 5 "$tmp/debug/old" >"$tmp/debug/control"
	status 0 '0 packets captured' "$reader" --debugfs="$tmp/debug" \
		--text="$tmp/ran.txt" -- sh -c "echo \$0 >'$tmp/ran'" --text
	mv "$tmp/debug/old" "$tmp/debug/control"
	cat "$tmp/ran"
	[ "$(cat "$tmp/ran")" = --text ] && ! grep -E 'PAKT|SOCK|EXEC' "$tmp/ran.txt"
}
no_command()
{
	status 1 "running: $tmp/none: No such file" "$reader" \
		--debugfs="$tmp/debug" --text="$tmp/ran.txt" -- "$tmp/none"
}

commands()
{
	tail -n 4 "$tmp/debug/control" >"$tmp/commands"
	cat "$tmp/commands"
	printf '%s\n' 'snaplen 100' 'subbufs 8' start stop |
		cmp - "$tmp/commands"
}

says()
{
	cat "$tmp/session.log"
	grep -qx "$1" "$tmp/session.log"
}

if have perl; then
	t "a session begins, is ready and ends by SIGTERM" session
	t "it gave its commands" commands
	judge script "a terminal is told how it goes" status_line
	t "a command is run and not seen by others" run_command
	t "a command that is not there" no_command
	t "-r goes with no command" status 2 'no command to run' "$reader" \
		-r "$tmp/tcp.hone" -- true
	t "it tells what was captured" says '19 packets captured'
	t "what was seen" says '40 packets seen by the kernel'
	t "what was filtered" says '14 packets filtered'
	t "what was lost" says '7 packets lost'
	t "its file keeps its promises" \
		perl "$here/verify.pl" "$tmp/session.pcapng"
	t "SIGUSR1 has made it tell what it has counted" \
		grep -qx '40 packets seen by the kernel' "$tmp/report.log"
	t "SIGHUP has made it begin another" \
		perl "$here/verify.pl" "$tmp/session.pcapng1"
	t "SIGINT ends a recorded stream that comes" ends_by INT \
		"$tmp/record.hone" 19
	t "what it recorded is read" "$reader" -q -r "$tmp/record.hone" \
		-o "$tmp/again.pcapng"
	t "and gives the same" cmp "$tmp/again.pcapng" "$tmp/tcp.pcapng"
else
	skip "a session" "perl is not installed"
fi

# A flight recorder, whose buffers are the same each time.
flight()
{
	local dir=$tmp/flight ready

	mkdir -p "$dir"
	cp -r "$tmp/debug" "$dir/debug"
	printf '%s\n' 'session: 0' 'dir: s0' 'state: new' \
		'subbuf_size: 262144' 'subbufs: 16' >"$dir/debug/control"
	sed -i 's/^all packet .*/all packet 40 4 19 7 10 1 0/' \
		"$dir/debug/s0/stats"
	mv "$dir/debug/s0/events1" "$dir/debug/s0/identity1" 2>"$tmp/null" || :
	mkfifo "$dir/ready" "$dir/done"
	# shellcheck disable=SC2016 # for the script
	printf '#!/bin/sh\necho "$1" >"%s/done"\n' "$dir" >"$dir/tell"
	chmod +x "$dir/tell"
	"$reader" --debugfs="$dir/debug" --flight -o "$dir/last" -z "$dir/tell" \
		--host-info=none --ready-fd 3 3>"$dir/ready" 2>"$dir/log" &
	read -r ready <"$dir/ready"
	kill -USR2 $!
	timeout 60 head -n 1 "$dir/done"
	kill -TERM $!
	timeout 60 head -n 1 "$dir/done"
	wait $! || return 1
	cat "$dir/log"
	[ "$ready" = ready ]
}
flight_commands()
{
	tail -n 5 "$tmp/flight/debug/control" | tee "$tmp/commands"
	printf '%s\n' 'mode overwrite' start freeze thaw stop |
		cmp - "$tmp/commands"
}
if have perl; then
	t "a flight recorder writes by SIGUSR2 and at the end" flight
	t "it gave its commands" flight_commands
	for f in last last1; do
		t "$f keeps its promises" \
			perl "$here/verify.pl" "$tmp/flight/$f"
	done
	t "both are the same" cmp "$tmp/flight/last" "$tmp/flight/last1"
	t "what was overwritten is not lost" grep -qx \
		'10 packets overwritten' "$tmp/flight/log"
	t "and is in the file" grep -q OVERWRITTEN=10 "$tmp/flight/last"
fi
t "--flight: without a file" status 2 'needs -o FILE' "$reader" --flight
t "--flight: with rotation" status 2 'no other output' "$reader" --flight \
	-o "$tmp/null" -C 1
t "--flight: with counts" status 2 'no other output' "$reader" --flight \
	-o "$tmp/null" --text="$tmp/x" --count-only
t "--flight: where nothing can be written" status 1 'No such file' \
	"$reader" --flight -o "$tmp/none/f"
t "--boot: with a size" status 2 'settled at boot' "$reader" --boot -s 96
t "--boot: with counts" status 2 'settled at boot' "$reader" --boot --count-only
t "--boot: where there was none" status 3 "$tmp/debug/boot" "$reader" \
	--debugfs="$tmp/debug" --boot

# Losses are told of at the gap and in sum.
lost_is()
{
	grep '^PAKT' "$tmp/losses.txt" | grep -o 'lost=[0-9]*' | tr '\n' ' ' |
		grep -qx "$1 "
}
t "lost packets are counted where they are missing" lost_is 'lost=5 lost=3'
t "losing packets is no error" status 0 '8 packets lost' \
	"$reader" -r "$tmp/losses.hone" -o /dev/null

# Wireshark's ways: as an interface, and as fields. tshark loads neither for
# root.
share=$tmp/share
mkdir -p "$share/bin" "$share/extcap"
cp "$obj/honedump" "$share/extcap"
cp "$reader" "$share/bin"
cp "$tmp/tcp.hone" "$tmp/tcp.pcapng" "$here/../wireshark/hone.lua" "$share"
chmod -R a+rX "$tmp"
chmod a+x "$tmp"
as_nobody()
{
	local drop=()

	[ "$(id -u)" -ne 0 ] || drop=(setpriv --reuid=65534 --regid=65534
				      --clear-groups)
	"${drop[@]}" env HOME=/nonexistent PATH="$share/bin:$PATH" \
		WIRESHARK_EXTCAP_DIR="$share/extcap" "$@"
}
honedump()
{
	"$obj/honedump" "$@" --reader "$reader"
}
extcap_says()
{
	local want=$1

	shift
	honedump "$@" | tee "$tmp/extcap"
	grep -q -- "$want" "$tmp/extcap"
}
t "honedump: interfaces" extcap_says 'interface {value=hone}' --extcap-interfaces
t "honedump: link types" extcap_says 'number=101' --extcap-interface=hone \
	--extcap-dlts
# Each option that it offers, it takes.
offers()
{
	local call n=0

	honedump --extcap-interface=hone --extcap-config >"$tmp/config"
	while read -r call; do
		honedump --extcap-interface=hone "$call" 1 || return 1
		n=$((n + 1))
	done < <(grep -o 'call=--[a-z-]*' "$tmp/config" | cut -d= -f2)
	[ "$n" -eq 9 ]
}
t "honedump: options" offers
t "honedump: a good filter" test -z \
	"$(honedump --extcap-interface=hone --extcap-capture-filter 'tcp port 80')"
t "honedump: a bad one" extcap_says 'syntax error' --extcap-interface=hone \
	--extcap-capture-filter 'prot tcp'
t "honedump: another interface" status 2 'eth0: is not hone' "$obj/honedump" \
	--extcap-interface=eth0 --extcap-dlts
t "honedump: no FIFO" status 2 'needs --fifo' "$obj/honedump" \
	--extcap-interface=hone --capture
t "honedump: no reader" status 1 'none: No such file' "$obj/honedump" \
	--extcap-interface=hone --capture --fifo="$tmp/none" --reader="$tmp/none"
fifo()
{
	mkfifo "$tmp/fifo"
	honedump --extcap-interface=hone --capture --fifo "$tmp/fifo" \
		--snaplen 96 --read "$tmp/tcp.hone" &
	cat "$tmp/fifo" >"$tmp/piped.pcapng"
	wait $! && cmp "$tmp/piped.pcapng" "$tmp/tcp.pcapng"
}
t "honedump: captures into a FIFO" fifo
# What it hands on, in the reader's words.
hands_on()
{
	printf '#!/bin/sh\necho "$@"\n' >"$tmp/echo"
	chmod +x "$tmp/echo"
	"$obj/honedump" --extcap-interface=hone --capture --fifo=F \
		--reader="$tmp/echo" --pid 1,2 --comm wget --uid 3 \
		--exe /bin/x --cgroup /c --follow-forks true --buffer 256 \
		--snaplen 96 --extcap-capture-filter 'tcp port 80' |
		tee "$tmp/handed"
	echo '-q --pid 1,2 --comm wget --uid 3 --exe /bin/x --cgroup /c' \
		'--follow-forks -o F -s 96 -B 256 tcp port 80' |
		cmp - "$tmp/handed"
}
t "honedump: hands its options on" hands_on
live()
{
	as_nobody tshark -i hone -o "extcap.hone.read:$share/tcp.hone" \
		-o extcap.hone.pid:201 -f 'dst port 80' -T fields \
		-e frame.comment 2>"$tmp/tshark.log" | tee "$tmp/live"
	cat "$tmp/tshark.log"
	[ "$(grep -c '^PID=201 ' "$tmp/live")" -eq 4 ]
}
judge tshark "tshark captures from it" live
lua()
{
	as_nobody tshark -X lua_script:"$share/hone.lua" \
		-r "$share/tcp.pcapng" -Y "$2" -T fields -e hone.pid \
		-e hone.comm -e hone.conn 2>"$tmp/tshark.log" | tee "$tmp/lua"
	cat "$tmp/tshark.log"
	[ "$(wc -l <"$tmp/lua")" -eq "$1" ]
}
while read -r count filter; do
	judge tshark "fields: $count packets with $filter" lua "$count" "$filter"
done <<'END'
19 hone
9 hone.comm == "curl"
6 hone.pid == 301
4 hone.tid == 301
9 hone.uid == 1000
9 hone.conn == 501
19 hone.dev == "lo"
3 hone.made
3 hone.gone == 1
5 hone.quality == "exact" && tcp.dstport == 80
END

# From another host, by the command that is documented; what stands in for ssh
# does what that does with words, and tshark reads its input as Wireshark does.
remote()
{
	local bin=$tmp/remote command

	mkdir -p "$bin"
	# shellcheck disable=SC2016 # for the scripts
	printf '#!/bin/sh\n[ "$1" = root@host ] && shift && exec sh -c "$*"\n' \
		>"$bin/ssh"
	printf '#!/bin/sh\nexec "%s" -r "%s" "$@"\n' "$reader" \
		"$tmp/tcp.hone" >"$bin/hone-relayread"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\n[ "$*" = "-k -i -" ] && exec tshark -i - -T fields \
		-e frame.comment\n' >"$bin/wireshark"
	chmod +x "$bin"/*
	command=$(sed -n "s/$2\(ssh root@host .*\)/\1/p" "$1")
	echo "$command"
	PATH="$bin:$PATH" sh -c "$command" >"$tmp/remotely" 2>"$tmp/tshark.log"
	cat "$tmp/tshark.log"
	[ "$(grep -c '^PID=' "$tmp/remotely")" -eq 19 ]
}
judge tshark "packets of another host, by hone(7)" remote \
	"$here/../man/hone.7" '^\.Dl '
judge tshark "and by README" remote "$here/../../../README" \
	'^ *\$ '

# The profile's columns have them, and its colours are filters that are known.
profile()
{
	local dir=$share/home/.config/wireshark/profiles

	mkdir -p "$dir"
	cp -r "$here/../wireshark/profile" "$dir/Hone"
	chmod -R a+rX "$share/home"
	as_nobody env HOME="$share/home" tshark -C Hone --color \
		-X lua_script:"$share/hone.lua" -r "$share/tcp.pcapng" \
		2>"$tmp/tshark.log" >"$tmp/columns"
	cat "$tmp/tshark.log"
	[ "$(grep -c ' curl *201 *exact ' "$tmp/columns")" -gt 2 ] &&
		! grep -v 'Running as' "$tmp/tshark.log"
}
judge tshark "a profile shows processes as columns" profile

# Errors have their status and say what is the matter.
fresh=$tmp/fresh.pcapng
t "unknown option" status 2 '--bogus' "$reader" --bogus
t "an argument that is no option" status 2 'file' "$reader" file
t "a number that is none" status 2 'many' "$reader" -c many
t "a missing argument" status 2 'needs an argument' "$reader" -o
t "two outputs to standard output" status 2 'more than one' \
	"$reader" -o - --text -r "$tmp/udp.hone"
t "no Hone" status 3 "$tmp/none/control" "$reader" --debugfs="$tmp/none"
t "no Hone: leaves the output alone" test ! -e "$fresh"
t "a file that is not there" status 1 'No such file' "$reader" -r "$tmp/none"
t "an empty file" status 4 'empty' "$reader" -r "$tmp/bad-empty.hone" -o "$fresh"
t "a newer major version" status 4 'version 2.3.*1.x' \
	"$reader" -r "$tmp/bad-newer.hone"
t "no stream of records" status 4 'at byte 0: no Hone stream' \
	"$reader" -r "$here/run.sh"
t "garbage: says where" status 4 'bad-garbage.hone: at byte [0-9]*: ' \
	"$reader" -q -r "$tmp/bad-garbage.hone" -o "$fresh"
t "garbage: what was before it is written" \
	cmp "$fresh" "$golden/bad-garbage.pcapng"
t "a full disk" status 1 'writing: /dev/full: No space left' \
	"$reader" -q -r "$tmp/udp.hone" -o /dev/full
t "a full disk, text" status 1 'No space left' \
	"$reader" -q -r "$tmp/udp.hone" --text=/dev/full
t "a full disk, summary" status 1 'No space left' \
	"$reader" -q -r "$tmp/udp.hone" --summary=/dev/full

# No output goes over what is in use; for others' eyes none is.
spared()
{
	local file=$1

	shift
	cp "$tmp/udp.hone" "$tmp/spared"
	ln -sf spared "$tmp/link"
	rm -f "$tmp/twice"
	status 1 "$file: it is also" "$reader" -q -r "$tmp/spared" "$@" &&
		cmp "$tmp/spared" "$tmp/udp.hone"
}
t "an output that is the input" spared spared -o "$tmp/spared"
t "by another name" spared link --text="$tmp/link"
t "a summary that is the input" spared spared --summary="$tmp/spared"
t "two outputs to one file" spared twice -o "$tmp/twice" --text="$tmp/twice"
private()
{
	rm -f "$tmp"/own.*
	(umask 0; "$reader" -q -r "$tmp/udp.hone" -o "$tmp/own.pcapng" \
		--text="$tmp/own.txt" --summary="$tmp/own.summary")
	stat -c '%a %n' "$tmp"/own.*
	[ "$(stat -c %a "$tmp"/own.* | sort -u)" = 600 ]
}
t "outputs are for their owner only" private

# The file may not grow beyond one kilobyte.
limited()
{
	trap '' XFSZ
	ulimit -f 1
	exec "$reader" -q -r "$tmp/tcp.hone" -o "$tmp/limited.pcapng"
}
whole()
{
	perl "$here/verify.pl" "$tmp/limited.pcapng" &&
		[ -s "$tmp/limited.pcapng" ]
}
(limited) >"$tmp/log" 2>&1
t "a file that may not grow" test $? -eq 1
judge perl "ends with a whole block" whole

closed_pipe()
{
	# shellcheck disable=SC2016 # it is perl
	status 1 'Broken pipe' perl -e \
		'pipe(R, W); close R; open(STDOUT, ">&", \*W); exec @ARGV' \
		"$reader" -q -r "$tmp/udp.hone" -o -
}
judge perl "a closed pipe" closed_pipe

# Whatever the bytes, nothing but the statuses 0 and 4.
#   sound WHAT [OPTION of verify.pl]
sound()
{
	local what=$1

	shift
	timeout 60 "$checked" -v -r "$tmp/spoilt" -o "$tmp/spoilt.pcapng" \
		--text=/dev/null --json=/dev/null --print=/dev/null -X \
		--summary=/dev/null 2>"$tmp/spoilt.log"
	case $? in
	0|4)	;;
	*)	cat "$tmp/spoilt.log"; echo "$what"; return 1 ;;
	esac
	# What is no file at all is written to none.
	[ -e "$tmp/spoilt.pcapng" ] || return 0
	perl "$here/verify.pl" "$@" "$tmp/spoilt.pcapng" || {
		echo "$what"
		return 1
	}
}

cuts()
{
	local len size

	size=$(wc -c <"$tmp/tcp.hone")
	for ((len = 64; len < size; len += 97)); do
		perl "$here/stream.pl" cut "$tmp/tcp.hone" "$len" \
			"$tmp/spoilt"
		rm -f "$tmp/spoilt.pcapng"
		sound "cut at $len" || return 1
	done
}

spoils()
{
	local i name

	for ((i = 0; i < 120; i++)); do
		for name in tcp multicast; do
			perl "$here/stream.pl" spoil "$tmp/$name.hone" "$i" \
				"$tmp/spoilt"
			sound "spoilt $name $i" >"$tmp/sound" 2>&1 || {
				cat "$tmp/sound"
				return 1
			}
		done
	done
}
judge perl "a stream that is cut anywhere" cuts
judge perl "streams with bytes changed" spoils

. "$here/privilege.sh"
. "$here/lines.sh"
. "$here/files.sh"
. "$here/read.sh"
. "$here/robust.sh"

. "$here/options.sh"

# bash completes each option that the programs know, and their words.
completes()
{
	local want=$1 prog=$2

	shift 2
	bash -c '. "$1/../completion/hone-relayread" || exit
		shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hone "$1"
		printf "%s\n" "${COMPREPLY[@]}"' - "$here" "$prog" "$@" |
		sort -u >"$tmp/completed"
	sort -u <<<"${want// /
}" | comm -23 - "$tmp/completed" >"$tmp/uncompleted"
	cat "$tmp/uncompleted"
	[ ! -s "$tmp/uncompleted" ] && [ -n "$want" ]
}
t "bash completes all options" completes "$(helped)" "$reader" --
t "honedump's, too" completes \
	"$("$obj/honedump" --help | grep -o -- '--[a-z-]*')" "$obj/honedump" --
t "short ones" completes '-Q -o -r' "$reader" -
t "directions" completes 'in out inout' "$reader" -Q ''
t "forms" completes 'darwin wireshark none' "$reader" --process-info = ''
t "a word" completes 'change' "$reader" --datagrams = ch
t "interfaces" completes 'lo any' "$reader" -i ''
(cd "$tmp" && mkdir -p files && touch files/one files/two)
t "files" completes "$tmp/files/one $tmp/files/two" "$reader" -o "$tmp/files/"
t "honedump's files" completes "$tmp/files/one $tmp/files/two" "$obj/honedump" \
	--read "$tmp/files/"
no_word()
{
	completes x "$@" >"$tmp/null"
	cat "$tmp/completed"
	! grep -q . "$tmp/completed"
}
t "no words of other lines" no_word "$obj/honedump" --extcap-interface = ''
t "nor what an argument is called" no_word "$reader" --netns = 'namesp'
t "commands behind --" completes 'true' "$reader" -- tru

# Installed are these and no others, and none is left.
installed()
{
	rm -rf "$tmp/root"
	make -s -C "$here/.." O="$obj" PREFIX=/usr EXTCAP=/usr/lib/wireshark/extcap \
		DESTDIR="$tmp/root" "$1" && (cd "$tmp/root" && find . ! -type d |
		sort | tee "$tmp/installed" | diff - "$tmp/wanted")
}
cat >"$tmp/wanted" <<'END'
./usr/bin/honedump
./usr/lib/systemd/system/hone-capture.service
./usr/lib/wireshark/extcap/honedump
./usr/lib/wireshark/plugins/hone.lua
./usr/libexec/hone-broker
./usr/sbin/hone-relayread
./usr/share/bash-completion/completions/hone-relayread
./usr/share/bash-completion/completions/honedump
./usr/share/doc/hone/README
./usr/share/doc/hone/examples/hone-keep
./usr/share/doc/hone/hone-pcapng.rst
./usr/share/doc/hone/hone.rst
./usr/share/man/man1/honedump.1
./usr/share/man/man5/hone-pcapng.5
./usr/share/man/man5/hone-records.5
./usr/share/man/man7/hone.7
./usr/share/man/man8/hone-broker.8
./usr/share/man/man8/hone-relayread.8
./usr/share/wireshark/profiles/Hone/colorfilters
./usr/share/wireshark/profiles/Hone/preferences
END
t "make install" installed install
t "the interface is the program" test -x \
	"$(readlink -f "$tmp/root/usr/lib/wireshark/extcap/honedump")"
uninstalled()
{
	make -s -C "$here/.." O="$obj" PREFIX=/usr EXTCAP=/usr/lib/wireshark/extcap \
		DESTDIR="$tmp/root" uninstall && (cd "$tmp/root" && find . ! -type d)
	[ -z "$(find "$tmp/root" ! -type d)" ]
}
unit()
{
	sed "s|=/[^ ]*/hone-relayread|=$reader|; /^Documentation/d" \
		"$obj/hone-capture.service" >"$tmp/hone-capture.service"
	systemd-analyze verify "$tmp/hone-capture.service"
}
judge systemd-analyze "the unit is sound" unit
t "make uninstall" uninstalled
keeps()
{
	mkdir -p "$tmp/week"
	touch -d '9 days ago' "$tmp/week/old.pcapng.gz"
	cp "$tmp/udp.pcapng" "$tmp/week/new.pcapng"
	"$here/../system/hone-keep" "$tmp/week/new.pcapng"
	ls "$tmp/week"
	[ "$(ls "$tmp/week")" = new.pcapng.gz ]
}
t "the example for -z keeps a week" keeps

# Pages about formats have what is there.
t "hone-records(5) is made" test -s "$obj/hone-records.5"
layout()
{
	local header=$obj/include/linux/hone.h

	perl "$here/../man/records.pl" --layout "$header" >"$tmp/layout.c" &&
		gcc -I"$obj/include" -fsyntax-only "$tmp/layout.c" &&
		[ "$(grep -c offsetof "$tmp/layout.c")" -gt 100 ]
}
t "its offsets and values are the compiler's" layout
unexplained()
{
	sed "$1" "$obj/include/linux/hone.h" >"$tmp/hone.h"
	status "$2" "$3" perl "$here/../man/records.pl" "$tmp/hone.h" \
		"$here/../man/hone-records.5.in"
}
t "a field that is not explained is found" unexplained \
	'/^ \* @cookie/d' 255 'cookie is not explained'
t "so is a flag" unexplained 's|\(F_PKT_OUT.*\)/\*.*|\1|' 255 'F_PKT_OUT'
t "hone-pcapng(5) has what is in files" perl "$here/page.pl" \
	"$here/../man/hone-pcapng.5" \
	"$here/../../../Documentation/admin-guide/hone-pcapng.rst" \
	"$golden"/*.pcapng "$tmp/host.pcapng" "$tmp/cooked.pcapng" "$tmp/plain.pcapng" \
	"$tmp/wireshark.pcapng" "$tmp/flight/last"
t "--help: no line is too long" sh -c \
	"'$reader' --help | awk 'length > 80 { print; bad = 1 } END { exit bad }'"
t "--version" "$reader" --version
pages=("$here"/../*.[18] "$here"/../man/*.[57] "$obj/hone-records.5")
groff_finds()
{
	groff -mdoc -ww -Tutf8 "${pages[@]}" >"$tmp/null" 2>"$tmp/man.log"
	cat "$tmp/man.log"
	[ ! -s "$tmp/man.log" ]
}
judge groff "the manual is clean for groff" groff_finds
judge mandoc "the manual is clean for mandoc" mandoc -T lint -W warning \
	"${pages[@]}"

echo "1..$n"
exit $failed
