# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # run.sh reads this
# Capturing without being root: -Z, and the broker that opens files for others.

# What Hone's directory has, for one user; the file of a CPU is still to come.
hone_for()
{
	local dir=$tmp/$1

	rm -rf "$dir"
	mkdir -p "$dir/hone/s0" "$dir/out"
	cp "$tmp/debug/s0"/* "$dir/hone/s0"
	head -n 5 "$tmp/debug/control" >"$dir/hone/control"
	mv "$dir/hone/s0"/events0 "$dir/late"
	chmod -R go= "$dir/hone"
	chmod 711 "$dir"
	chmod 777 "$dir/out"
	# As debugfs has it: only the way there is barred, and the files are.
	chmod 755 "$dir/hone/s0"
}

# Begins, gets another CPU, another file, and ends; whose are the files?
without_root()
{
	local dir=$tmp/$1 ready pid

	shift
	mkfifo "$dir/ready"
	"$@" --debugfs="$dir/hone" -o "$dir/out/f" --host-info=none \
		--ready-fd 3 3>"$dir/ready" 2>"$dir/log" &
	pid=$!
	read -r ready <"$dir/ready"
	ps -o uid= -p $pid
	ps -o uid= -p $pid | grep -qx ' *65534'  || return 1
	ln "$dir/late" "$dir/hone/s0/events0"
	kill -HUP $pid
	timeout 60 sh -c "until [ -s '$dir/out/f1' ]; do :; done"
	kill -TERM $pid
	wait $pid || { cat "$dir/log"; return 1; }
	cat "$dir/log"
	stat -c '%u %n' "$dir/out"/*
	[ "$ready" = ready ] && grep -qx '19 packets captured' "$dir/log" &&
		[ "$(stat -c %u "$dir/out"/* | sort -u)" = 65534 ]
}
both_files()
{
	perl "$here/verify.pl" "$tmp/$1/out/f" &&
		perl "$here/verify.pl" "$tmp/$1/out/f1"
}
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
is_root()
{
	[ "$(id -u)" -eq 0 ] && have perl && have setpriv
}
if is_root; then
	hone_for relinquished
	t "-Z: opens files of root's, and goes on as another" without_root \
		relinquished "$reader" -Z nobody
	t "its files keep their promises" both_files relinquished
	reads_as()
	{
		install -m 600 "$tmp/udp.hone" "$tmp/relinquished/in"
		"$reader" -q -Z nobody -r "$tmp/relinquished/in" \
			-o "$tmp/relinquished/out/g" || return 1
		cmp "$tmp/relinquished/out/g" "$tmp/udp.pcapng" &&
			[ "$(stat -c %u "$tmp/relinquished/out/g")" = 65534 ]
	}
	t "-Z: opens what is read, and goes on as another" reads_as
	not_there()
	{
		status 1 'Permission denied' "$reader" -q -Z nobody \
			-r "$tmp/udp.hone" -o "$tmp/relinquished/g"
	}
	t "-Z: cannot write where that one may not" not_there
	commanded()
	{
		cp "$tmp/debug/control" "$tmp/relinquished/hone/control"
		"$reader" -q -Z nobody --debugfs="$tmp/relinquished/hone" \
			-o /dev/null -- sh -c \
			'id -u; id -G; grep CapPrm: /proc/self/status' \
			>"$tmp/who" || return 1
		cat "$tmp/who"
		printf '65534\n65534\nCapPrm:\t0000000000000000\n' |
			cmp - "$tmp/who"
	}
	t "-Z: a command is that one's, too" commanded
	t "-Z: only by root" status 2 'only root can become' "${nobody[@]}" \
		"$reader" -Z root

	# Who may run it opens with it what he may not himself.
	hone_for by-broker
	chown -R 65534 "$tmp/by-broker/hone"
	chmod 0 "$tmp/by-broker/hone/control" "$tmp/by-broker/hone/s0/stats"
	# Where it was built not everybody may look.
	install -m 755 "$obj/hone-broker" "$tmp/by-broker/real"
	cat >"$tmp/by-broker/broker" <<-END
		#!/bin/sh
		chmod 600 '$tmp/by-broker/hone/control' '$tmp/by-broker/hone/s0/stats'
		exec '$tmp/by-broker/real' "\$@"
	END
	chmod 755 "$tmp/by-broker/broker"
	t "a broker helps who is not root" without_root by-broker \
		"${nobody[@]}" "$reader" --broker="$tmp/by-broker/broker"
	t "files keep their promises" both_files by-broker
	chmod 0 "$tmp/by-broker/hone/control"
	t "one that ends" status 3 'the broker has ended' "${nobody[@]}" \
		"$reader" --debugfs="$tmp/by-broker/hone" --broker=/bin/true
	chmod 0 "$tmp/by-broker/broker"
	t "one that may not be run" status 3 "who may run $tmp/by-broker/broker" \
		"${nobody[@]}" "$reader" --debugfs="$tmp/by-broker/hone" \
		--broker="$tmp/by-broker/broker"
	t "none" status 3 'only root (CAP_SYS_ADMIN) can' "${nobody[@]}" \
		"$reader" --debugfs="$tmp/by-broker/hone" --broker="$tmp/none"
else
	skip "capturing without root" "not root, or no perl or setpriv"
fi
t "-Z: nobody of that name" status 2 'there is no such user' "$reader" \
	-Z no-such-user

# A broker does what it is for and nothing else. Requests: version, what, CPU,
# padding; what: 0 a session, 1 that from boot, 2 start, 3 events, 4 identity,
# 5 snapshot, 6 stats.
asks()
{
	local requests=$1 want=$2

	sed -i 6,\$d "$tmp/debug/control"
	# shellcheck disable=SC2086 # they are words
	"$obj/hone-asks" $requests -- "$obj/hone-broker" "$tmp/debug" |
		tee "$tmp/asked"
	printf '%b\n' "$want" | cmp - "$tmp/asked"
}
if [ -d "$tmp/debug/s0" ]; then
	t "a broker opens a session and its files" asks \
		'1,0,0,0 1,2,0,0 1,3,0,0 1,5,0,0 1,6,0,0 1,3,77,0' \
		'done, 1\ndone, 1\ndone, 1\ndone, 1\ndone, 1\nNo such file or directory, 0\nstatus 0'
	t "it has started it" grep -qx start "$tmp/debug/control"
	# Of what there is here: sys_admin 0x200000, ipc_lock 0x4000,
	# dac_read_search 4; of root's more.
	only_needed()
	{
		local has begin open

		has=0x$(awk '/^CapPrm/ { print $2 }' /proc/self/status)
		begin=$(printf '%x' $((has & 0x204004)))
		open=$(printf '%x' $((has & 0x200004)))
		asks '1,0,0,0 caps 1,2,0,0 caps 1,6,0,0 caps' \
			"done, 1\nCapPrm $begin\nCapEff 0\ndone, 1\nCapPrm $open\nCapEff 0\ndone, 1\nCapPrm $open\nCapEff 0\nstatus 0"
	}
	t "a broker has what it needs, and nothing in effect" only_needed
	while IFS=: read -r what requests; do
		# The last one ends it.
		words=${requests//[^ ]/}
		replies=${words:1}
		t "a broker refuses $what" asks "$requests" \
			"${replies// /done, 1\\n}ended\nstatus 4"
	done <<-'END'
		another version: 2,0,0,0
		what it does not know: 1,7,0,0
		what is too short: 15
		what is too long: 17
		a file of no session: 1,6,0,0
		a second session: 1,0,0,0 1,0,0,0
		padding that is used: 1,0,0,1
		a CPU that cannot be: 1,0,0,0 1,2,0,0 1,3,65536,0
		a CPU of the snapshot: 1,0,0,0 1,2,0,0 1,5,1,0
		a file before the start: 1,0,0,0 1,6,0,0
		to start once more: 1,0,0,0 1,2,0,0 1,2,0,0
		to start what is not: 1,2,0,0
	END
	outside()
	{
			mv "$tmp/debug/control" "$tmp/debug/kept"
		printf 'session: 0\ndir: %s\n' "$1" >"$tmp/debug/control"
		"$obj/hone-asks" 1,0,0,0 1,2,0,0 -- "$obj/hone-broker" "$tmp/debug" |
			tee "$tmp/asked"
		mv "$tmp/debug/kept" "$tmp/debug/control"
		grep -qx 'Protocol error, 0' "$tmp/asked"
	}
	for name in ../s0 s s0/.. s99999999999999999999 /; do
		t "a session's directory is not called $name" outside $name
	done
fi
t "the broker is for the reader alone" status 2 'run by hone-relayread' \
	"$obj/hone-broker"
t "and takes no options" status 2 'run by hone-relayread' "$obj/hone-broker" \
	"$tmp/debug" -x
# With privileges it looks nowhere else.
privileged()
{
	local file=$tmp/relinquished/privileged

	install -m 755 "$obj/hone-broker" "$file"
	setcap cap_dac_override=ep "$file" || return 0
	"${nobody[@]}" "$obj/hone-asks" 1,0,0,0 -- "$file" "$tmp/debug" \
		>"$tmp/asked" 2>"$tmp/null"
	cat "$tmp/asked"
	printf 'ended\nstatus 2\n' | cmp - "$tmp/asked"
}
if is_root && have setcap; then
	t "a broker with privileges looks nowhere else" privileged
else
	skip "a broker with privileges looks nowhere else" "not root, or no setcap"
fi
# What make install does for the group, by programs that only say so.
permits()
{
	local bin=$tmp/permit

	mkdir -p "$bin"
	for prog in id getent groupadd chown chmod setcap; do
		# shellcheck disable=SC2016 # for the script
		printf '#!/bin/sh\necho "%s $*" >>"%s/did"\n' $prog "$bin" \
			>"$bin/$prog"
		chmod 755 "$bin/$prog"
	done
	echo 'echo 0' >>"$bin/id"
	cat >>"$bin/getent" <<-END
		case \$1 in
		passwd)	echo "$1"; exit ;;
		esac
		grep -q '^groupadd' "$bin/did" && echo hone:x:998:
	END
	PATH="$bin:$PATH" "$here/../system/hone-permit" /x 2>&1 || return 1
	cat "$bin/did"
}
to_group()
{
	permits alice:x:1000:1000::/:/bin/sh
	grep -v '^id\|^getent' "$tmp/permit/did" | cmp - <(printf '%s\n' \
		'groupadd --system hone' 'chown root:hone /x' 'chmod 750 /x' \
		'setcap cap_sys_admin,cap_dac_override,cap_dac_read_search,cap_ipc_lock=ep /x')
}
t "the broker is permitted to a group" to_group
# A user of that name has a group of that name, as a rule.
to_nobody()
{
	rm -r "$tmp/permit"
	permits hone:x:1000:998::/:/bin/sh | tee "$tmp/permitted"
	grep -q 'hone is the group of the user hone: only root' \
		"$tmp/permitted" && ! grep '^ch\|^setcap' "$tmp/permit/did"
}
t "but not to that of a user" to_nobody
same_caps()
{
	local want file

	want=$(grep -o 'cap_sys_admin,.*=ep' "$here/../system/hone-permit")
	for file in "$here/../debian/hone-tools.postinst" \
		    "$here/../man/hone.7"; do
		grep -qF "$want" "$file" || return 1
	done
}
if [ -d "$here/../debian" ]; then
	t "with the same capabilities everywhere" same_caps
fi
