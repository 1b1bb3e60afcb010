#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Sessions, driven from a shell: settings, refusals, and that nothing stays.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

dir=/sys/kernel/debug/hone

ktap_print_header
if [ ! -d $dir ]; then
	ktap_skip_all "no $dir: kernel without CONFIG_HONE, or debugfs not mounted"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 99

status()
{
	dd bs=4096 count=1 <&3 2>/dev/null
}

# A fresh session on descriptor 3.
fresh()
{
	exec 3>&-
	exec 3<>$dir/control
}

# The session refuses $1 with a reason that has $2 in it, and stays as it is.
refuses()
{
	fresh
	before=$(status | grep -v ^error)
	fresh
	if (echo "$1" >&3) 2>/dev/null; then
		return 1
	fi
	after=$(status)
	[ "$(echo "$after" | grep -v ^error)" = "$before" ] &&
		echo "$after" | grep -q "^error: .*$2"
}

# The session takes $1 and then says $2.
takes()
{
	fresh
	echo "$1" >&3 && status | grep -q "$2"
}

fresh
check "new session" test "$(status | grep ^state)" = "state: new"
check "unknown command" refuses "bogus" "bogus: no such command"
check "not a number" refuses "snaplen abc" "snaplen: not a number"
check "negative" refuses "snaplen -1" "snaplen: not a number"
check "too large" refuses "snaplen 999999999" "snaplen: 999999999 is not in"
check "bad program" refuses "filter 1,6 0 0" "filter: instruction 0 of 1"
check "program of no number" refuses "filter x" "is no number of instructions"
check "program that does not return" refuses "filter 1,0 0 0 0" "refuses"
check "program with too much" refuses "filter 1,6 0 0 0,6 0 0 0" "more than"
check "no such direction" refuses "direction up" "none of in, out, both"
check "no such record" refuses "records process,foo" "none of all"
check "no such datagrams" refuses "datagrams some" "neither all nor change"
check "no such sockets" refuses "sockets open" "neither all nor life"
check "life that is taken" takes "sockets life" "^sockets: life"
check "no such interval" refuses "interval 0" "interval: 0 is not in"
check "interval too long" refuses "interval 86401" "86401 is not in"
check "counts that are taken" takes "$(printf 'records count\ninterval 7')" \
	"^records: count\$"
check "no such hook" refuses "hook middle" "neither first nor last"
check "hook that is taken" takes "hook first" "^hook: first"
check "no namespace" refuses "netns -4" "not a number"
check "no process" refuses "exclude_tgid 0" "not a number"
check "no socket" refuses "exclude_socket 0" "is no socket"
check "pid: not a number" refuses "pid x" "pid: not a number"
check "pid: nobody's" refuses "pid 0" "pid: 0 is not in 1..4194304"
check "pid: negative" refuses "pid -1" "pid: not a number"
check "pid: none given" refuses "pid" "pid: needs a value"
check "uid: nobody's" refuses "uid 4294967295" "uid: 4294967295 is not in"
check "uid: too large" refuses "uid 4294967296" "uid: not a number"
check "gid: a name" refuses "gid root" "gid: not a number: 'root'"
check "comm: too long" refuses "comm sixteen-letters-" "has not 1 to 15 bytes"
check "comm: NUL" refuses 'comm a\000b' "comm: a NUL byte"
check "exe: not there" refuses "exe /no/such/program" "exe: '/no/such/program' is not there"
check "exe: no file" refuses "exe /proc" "exe: '/proc' is no regular file"
check "exe: relative" refuses "exe bin/sh" "exe: 'bin/sh' is no absolute path"
check "exe: too long" refuses "exe /$(seq -s / 2000)" "exe: "
check "cgroup: relative" refuses "cgroup system.slice" "no absolute path"
check "cgroup: odd" refuses "cgroup /a//b" "cgroup: '/a//b' is no absolute path"
check "socket: none" refuses "socket 0" "socket: not a number"
check "socket: too large" refuses "socket 18446744073709551616" "not a number"
check "follow_forks: with a value" refuses "follow_forks 1" "takes no value"
for key in pid uid gid comm exe cgroup socket; do
	case $key in
	exe|cgroup)	value=/bin/busybox ;;
	*)		value=17 ;;
	esac
	many=$(yes "$key $value" | head -n 17)
	check "$key: 17 of them" refuses "$many" "$key: more than 16"
	check "$key: 16 of them" takes "${many#*
}" "^$key: $value"
done
check "comm with a blank" takes 'comm a\040b' '^comm: a b'
check "follow_forks that is taken" takes follow_forks "^follow_forks: yes"
check "filter that is taken" takes "filter 1,6 0 0 262144" "^filter: 1 instr"
check "no such mode" refuses "mode ring" "neither drop nor overwrite"
check "mode that is taken" takes "mode overwrite" "^mode: overwrite"
check "freeze before start" refuses "freeze" "freeze: the session is not running"
check "thaw before start" refuses "thaw" "thaw: the session is not frozen"
check "change that is taken" takes "datagrams change" "^datagrams: change"
check "sub-buffer too small" refuses "subbuf_size 4" "subbuf_size: 4 is not in"
check "too few sub-buffers" refuses "subbufs 1" "subbufs: 1 is not in"
check "restart before start" refuses "restart" "restart: the session is not running"
check "stop before start" refuses "stop" "stop: the session is not running"
check "a start with more to say" refuses "start now" "start: no such setting"
check "more than the memory" refuses "$(printf 'subbuf_size 16384\nsubbufs 128\nstart')" \
	"start: buffers of all sessions"
# One bad line, and none of them counts.
check "all or nothing" refuses "$(printf 'snaplen 96\nbogus')" "bogus"

fresh
echo "snaplen 96" >&3
echo start >&3
s=$dir/$(status | sed -n 's/^dir: //p')
begin_again=$(status)
check "running" test -d "$s" -a -r "$s/events0" -a -r "$s/snapshot" -a -r "$s/stats"
busy()
{
	exec 4<"$s/events0"
	! (exec 5<"$s/events0") 2>/dev/null
}
check "one reader a channel" busy
exec 4<&-
check "and then another" sh -c "exec 5<$s/events0"
settled()
{
	! (echo "snaplen 100" >&3) 2>/dev/null
}
check "settings are settled after the start" settled
stopped()
{
	ping -c 1 127.0.0.1 >/dev/null
	echo stop >&3
	seen=$(awk '$1 == "all" && $2 == "packet" { print $3 }' "$s/stats")
	ping -c 1 127.0.0.1 >/dev/null
	[ "$seen" -gt 0 ] &&
		[ "$(awk '$1 == "all" && $2 == "packet" { print $3 }' "$s/stats")" = "$seen" ]
}
check "nothing after the stop" stopped
exec 3>&-
check "gone with its descriptor" test ! -e "$s"

# A reader that is killed leaves nothing.
sh -c "exec 3<>$dir/control; echo start >&3; echo >/tmp/started; exec sleep 1000" &
pid=$!
while [ ! -e /tmp/started ]; do
	kill -0 $pid || break
done
rm -f /tmp/started
kill -9 $pid
wait $pid 2>/dev/null
killed()
{
	[ "$(echo $dir/s*)" = "$dir/s*" ]
}
check "killed: no session is left" killed

# What holds for all sessions.
sys=/sys/kernel/hone
default()
{
	echo "$2" >"$sys/$1" || return 1
	fresh
	status | grep -qx "$1: $3"
}
# keeps FILE VALUE...: it refuses each, and stays as it is.
keeps()
{
	file=$sys/$1
	was=$(cat "$file")
	shift
	for value; do
		if (echo "$value" >"$file") 2>/dev/null; then
			echo "# it took $value"
			return 1
		fi
	done
	[ "$(cat "$file")" = "$was" ]
}
# told PARAMETER VALUE: at boot, as it is wrong.
told()
{
	dmesg | grep -qF -- "$2' invalid for parameter \`hone.$1'"
}
at_boot='comment of the boot parameter'
if grep -q 'hone.comment=booted\\x20so' /proc/cmdline; then
	check "$at_boot" grep -qx 'booted so' $sys/comment
	for word in 'comment a\x07b' 'snaplen many' 'subbuf_size 33' \
		'subbufs -4' 'host_id xyz'; do
		check "one that is wrong is told of: ${word%% *}" \
			told "${word%% *}" "${word#* }"
	done
	check "and changes nothing" test "$(cat $sys/snaplen $sys/subbuf_size \
		$sys/subbufs $sys/host_id | tr '\n' ' ')" = \
		"262144 256 16 00000000-0000-0000-0000-000000000000 "
else
	for n in 1 2 3 4 5 6 7; do
		ktap_test_skip "$at_boot, $n: the kernel got none"
	done
fi
check "version" grep -qx '[0-9]*\.[0-9]*' $sys/version
check "features" grep -qw packet $sys/features
check "default snaplen" default snaplen 128 128
check "default sub-buffer size" default subbuf_size 64 65536
check "default sub-buffers" default subbufs 8 8
check "snaplen: what is none" keeps snaplen -1 x 262145 '' '1 2'
check "subbuf_size: what is none" keeps subbuf_size 0 33 31 16385 64k
check "subbufs: what is none" keeps subbufs 3 1025 0x
echo 262144 >$sys/snaplen
echo 256 >$sys/subbuf_size
echo 16 >$sys/subbufs
comment()
{
	echo "$1" >$sys/comment && [ "$(cat $sys/comment)" = "$2" ]
}
check "comment" comment 'of\040the\x20lab' 'of the lab'
check "comment: what is none" keeps comment "$(seq 100 | tr '\n' x)" 'a\x07b' 'a\nb\033'
check "comment: none" comment '' ''
host_id()
{
	echo 01234567-89ab-cdef-0123-456789abcdef >$sys/host_id &&
		grep -qx 01234567-89ab-cdef-0123-456789abcdef $sys/host_id
}
check "host id" host_id
check "host id: what is none" keeps host_id 0123 \
	01234567-89ab-cdef-0123-456789abcdeg
echo >$sys/host_id
totals()
{
	sed 's/^/# /' $sys/totals
	awk 'NR > 1 { n++; bad += $2 != $3 + $4 + $5 + $6; sum += $2 }
		END { exit n != 4 || bad || !sum }' $sys/totals
}
check "totals" totals
check "totals are not for everybody" test "$(stat -c %a $sys/totals)" = 400
charged()
{
	pinned()
	{
		awk '/^VmPin/ { print $2 }' /proc/$$/status
	}
	fresh
	before=$(pinned)
	echo start >&3
	want=$(($(cat $sys/subbuf_size) * $(cat $sys/subbufs) * cpus))
	during=$(pinned)
	one=$(cat $sys/sessions)
	exec 3>&-
	[ "$before" -eq 0 ] && [ "$during" -eq "$want" ] && [ "$one" = 1 ] &&
		[ "$(pinned)" -eq 0 ] && [ "$(cat $sys/sessions)" = 0 ]
}
possible=$(cat /sys/devices/system/cpu/possible)
cpus=$((${possible##*-} + 1))
check "rings are pinned memory" charged
: "$begin_again"
ktap_finished
