#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Captures that are not root's: by -Z, which gives up being root, and by an
# ordinary user with a broker that has the capabilities. A CPU comes back while
# they run, if there is one that can.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

sys=/sys/kernel/hone
cpu1=/sys/devices/system/cpu/cpu1/online
dir=$(mktemp -d)
broker=${HONE_BROKER:-/usr/local/libexec/hone-broker}
caps=cap_sys_admin,cap_dac_override,cap_dac_read_search,cap_ipc_lock=ep
trap 'rm -rf "$dir"; online 1' EXIT

online()
{
	[ ! -w $cpu1 ] || echo "$1" >$cpu1
}

explain()
{
	[ ! -e "$dir/log" ] || tail -n 20 "$dir/log"
}

begin_with_reader
chmod 711 "$dir"
cp "$broker" "$dir/broker" 2>/dev/null
chgrp "$(id -g nobody)" "$dir/broker"
chmod 750 "$dir/broker"
if ! [ -x "$dir/broker" ]; then
	ktap_skip_all "no $broker"
	exit "$KSFT_SKIP"
fi
# Where files have no capabilities it is root's instead.
if ! setcap $caps "$dir/broker"; then
	echo "# no capabilities of files here"
	chmod 4750 "$dir/broker"
fi
ktap_set_plan 29

as_nobody()
{
	# shellcheck disable=SC2016 # for the other shell
	exec su -s /bin/sh -- nobody -c 'exec "$0" "$@"' "$@"
}

is_nobody()
{
	sed -n '/^[UG]id:\|^Cap[PE]/p' "/proc/$pid/status" >"$dir/status"
	id=$(id -u nobody) gid=$(id -g nobody)
	printf '%s:\t%s\t%s\t%s\t%s\n' Uid "$id" "$id" "$id" "$id" \
		Gid "$gid" "$gid" "$gid" "$gid" >"$dir/want"
	printf '%s:\t0000000000000000\n' CapPrm CapEff >>"$dir/want"
	cmp "$dir/status" "$dir/want"
}

# begin COMMAND...: what runs the reader, up to its options.
begin()
{
	rm -rf "$dir/files" "$dir/ready"
	mkdir "$dir/files"
	chown nobody "$dir/files"
	mkfifo "$dir/ready"
	("$@" -o "$dir/files/f" -s 96 --ready-fd 3 -v) \
		3>"$dir/ready" 2>"$dir/log" &
	pid=$!
	read -r ready <"$dir/ready" && [ "$ready" = ready ]
}

# On a CPU that was not there when the capture began, if there is one.
on_last()
{
	if [ -w $cpu1 ]; then
		taskset 2 "$@"
	else
		"$@"
	fi
}

has_comm()
{
	grep -aq "COMM=$1 " "$dir"/files/*
}

ends()
{
	kill -TERM "$pid" && wait "$pid"
}

gone()
{
	n=0
	until [ "$(cat $sys/sessions)" -eq 0 ]; do
		sleep 0.1
		n=$((n + 1))
		[ $n -lt 100 ] || return 1
	done
}

owned()
{
	for f in "$dir/files"/*; do
		[ "$(stat -c %U "$f")" = nobody ] || return 1
	done
}

# A whole capture: capture NAME COMMAND...
capture()
{
	name=$1
	shift
	online 0
	check "$name: it begins" begin "$@"
	check "$name: as nobody" is_nobody
	ping -c 1 127.0.0.1 >/dev/null
	online 1
	on_last wget -q -O /dev/null http://127.0.0.1:9/ 2>/dev/null
	online 0
	ping -c 1 127.0.0.1 >/dev/null
	online 1
	on_last nc -w 1 127.0.0.1 9 2>/dev/null
	kill -HUP "$pid"
	n=0
	until [ -s "$dir/files/f1" ] || [ $n -ge 100 ]; do
		ping -c 1 127.0.0.1 >/dev/null
		n=$((n + 1))
	done
	check "$name: it goes on in another file" test -s "$dir/files/f1"
	check "$name: it ends well" ends
	check "$name: it has captured" has_comm ping
	check "$name: also on a CPU that came" has_comm wget
	check "$name: and went, and came back" has_comm nc
	check "$name: its files are nobody's" owned
	check "$name: no session is left" gone
}

capture "-Z" "$reader" -Z nobody
capture "broker" as_nobody "$reader" --broker="$dir/broker"

# The end of a reader that is killed is the session's.
check "broker: another" begin as_nobody "$reader" --broker="$dir/broker"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
check "broker: nothing is left of a reader that is killed" gone

# Root's program with its setuid bit is of use as well, and not root for long.
setuid_broker()
{
	cp "$dir/broker" "$dir/setuid"
	chgrp "$(id -g nobody)" "$dir/setuid"
	chmod 4750 "$dir/setuid"
	begin as_nobody "$reader" --broker="$dir/setuid"
}
its_broker()
{
	id=$(id -u nobody) gid=$(id -g nobody)
	# Of which the reader is the parent.
	sed -n '/^[UG]id:\|^Cap[PE]/p' \
		"$(grep -l "^PPid:.$pid\$" /proc/[0-9]*/status)" >"$dir/status"
	printf '%s:\t%s\t%s\t%s\t%s\n' Uid "$id" "$id" "$id" "$id" \
		Gid "$gid" "$gid" "$gid" "$gid" >"$dir/want"
	# CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH, none of them in effect.
	printf '%s:\t%s\n' CapPrm 0000000000200004 CapEff 0000000000000000 \
		>>"$dir/want"
	diff "$dir/status" "$dir/want"
}
check "setuid broker: it begins" setuid_broker
check "setuid broker: as nobody, with nothing in effect" its_broker
check "setuid broker: it ends well" ends

# A user may have four sessions, and root may have one yet.
fill()
{
	pids=
	for n in 1 2 3 4; do
		mkfifo "$dir/ready$n"
		(as_nobody "$reader" --broker="$dir/broker" -q -o /dev/null \
			-B 256 --ready-fd 3) 3>"$dir/ready$n" 2>"$dir/log" &
		pids="$pids $!"
		read -r ready <"$dir/ready$n" && [ "$ready" = ready ] ||
			return 1
	done
}
no_fifth()
{
	(as_nobody "$reader" --broker="$dir/broker" -o /dev/null \
		--duration 1) 2>"$dir/log"
	[ $? -eq 3 ] && grep -q "too many captures" "$dir/log" &&
		"$reader" -q -o /dev/null -B 256 -c 1 --duration 0.1
}
check "broker: four at a time" fill
check "broker: no fifth, but one of root's" no_fifth
for n in $pids; do
	kill -TERM "$n"
	wait "$n"
done

recorder()
{
	begin as_nobody "$reader" --broker="$dir/broker" --flight || return 1
	ping -c 1 127.0.0.1 >/dev/null
	ends && has_comm ping
}
check "broker: a flight recorder" recorder

# As Wireshark runs it, which has no privileges either.
interface()
{
	printf '#!/bin/sh\nexec "%s" --broker="%s" "$@"\n' "$reader" \
		"$dir/broker" >"$dir/reader"
	chmod 755 "$dir/reader"
	rm -f "$dir/fifo"
	mkfifo "$dir/fifo"
	chmod 666 "$dir/fifo"
	(as_nobody honedump --extcap-interface=hone --capture \
		--fifo="$dir/fifo" --reader="$dir/reader" --exe /bin/busybox \
		--cgroup /) 2>"$dir/log" &
	pid=$!
	cat "$dir/fifo" >"$dir/files/f" &
	cat=$!
	until has_comm ping; do
		kill -0 $pid 2>/dev/null || break
		ping -c 1 127.0.0.1 >/dev/null
	done
	ends
	ended=$?
	wait $cat
	[ $ended -eq 0 ] && has_comm ping
}
if command -v honedump >/dev/null; then
	check "broker: Wireshark's interface" interface
else
	ktap_test_skip "no honedump"
fi

refused()
{
	(as_nobody "$reader" --broker="$dir/broker" -o /dev/null) 2>"$dir/log"
	[ $? -eq 3 ] && grep -q "$1" "$dir/log"
}
setcap -r "$dir/broker" 2>/dev/null
chmod 750 "$dir/broker"
check "one without capabilities is of no use" refused 'has no capabilities'
chgrp 0 "$dir/broker"
check "who is not of the group may not capture" refused "may run $dir/broker"
ktap_finished
