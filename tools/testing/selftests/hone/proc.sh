#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# /proc/net/hone: known sockets of known programs, as readers may see them.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

table=/proc/net/hone
dir=$(mktemp -d)
trap 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 9>&-; rm -rf "$dir"' EXIT

ktap_print_header
if [ ! -e $table ]; then
	ktap_skip_all "no $table: kernel without CONFIG_HONE"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 27

explain()
{
	head -n 30 "$dir/table"
}

# field NAME LOCAL [STATE [FILE]]: of the sockets with that address.
field()
{
	awk -v name="$1" -v want="$2" -v state="${3:-}" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		NR > 1 && $at["local"] == want &&
		(state == "" || $at["state"] == state) { print $at[name] }' \
		"${4:-$dir/table}"
}

is()
{
	if [ "$1" != "$2" ]; then
		echo "# '$1' is not '$2'"
		return 1
	fi
}

refused()
{
	! "$@" >/dev/null 2>"$dir/refused" && [ -s "$dir/refused" ]
}

hold 3 ./sockets shared 7001 3
shared=$held
cat $table >"$dir/table"
check "header" is "$(head -n 1 "$dir/table")" \
	"id protocol state local remote inode creator holders sender receiver in_packets in_bytes out_packets out_bytes"
columns()
{
	awk 'NF != 14 { print "# " $0; bad++ } END { exit bad || NR < 2 }' \
		"$dir/table"
}
check "as many fields in each line" columns
check "protocol" is "$(field protocol 127.0.0.1:7001)" udp
check "state" is "$(field state 127.0.0.1:7001)" CLOSE
check "creator" is "$(field creator 127.0.0.1:7001)" "$shared/sockets"
holders=$(field holders 127.0.0.1:7001)
check "holders: all of them" \
	is "$(echo "$holders" | tr , '\n' | wc -l)" 4
check "holders: names that would break lines" \
	is "$(echo "$holders" | tr , '\n' | sed '1d;s,.*/,,' | sort -u)" \
	'a\054\040b\057c\134\012'
inode()
{
	ino=$(field inode 127.0.0.1:7001)
	ls -l /proc/$shared/fd >"$dir/fds"
	[ -n "$ino" ] && grep -qF "socket:[$ino]" "$dir/fds"
}
check "inode" inode
check "nobody has sent while nobody captures" \
	is "$(field sender 127.0.0.1:7001)" 0/-

hold 4 ./sockets orphan 7002
cat $table >"$dir/table"
check "a creator that has ended" is "$(field creator 127.0.0.1:7002)" 0/sockets
check "who holds it now" \
	is "$(field holders 127.0.0.1:7002 | sed 's,.*/,,')" heir

hold 5 ./sockets timewait 7003
# The last of it may still be under way on another CPU.
tries=1000
until grep -q ':1B5B 06 ' /proc/net/tcp || [ $((tries -= 1)) -eq 0 ]; do :; done
cat $table >"$dir/table"
waiting()
{
	awk '$2 == "tcp" && $3 == "TIME_WAIT" && $5 == "127.0.0.1:7003" {
		n++; bad += $6 != 0 || $8 != "-" } END { exit n != 1 || bad }' \
		"$dir/table"
}
check "TIME_WAIT" waiting
check "listener" is "$(field state 127.0.0.1:7003 LISTEN)" LISTEN

# The same addresses in another namespace.
hold 6 unshare -n sh -c "ip link set lo up; exec ./sockets tcp 7001"
other=$held
cat /proc/$other/net/hone >"$dir/other"
check "another namespace: its own sockets" \
	is "$(field creator 127.0.0.1:7001 LISTEN "$dir/other")" \
	"$other/sockets"
check "another namespace: both ends" \
	is "$(field state 127.0.0.1:7001 ESTABLISHED "$dir/other" | wc -l)" 1
check "another namespace: no others" \
	is "$(field id 127.0.0.1:7002 '' "$dir/other")" ""
check "not those of the other one" is "$(field state 127.0.0.1:7001)" CLOSE

# A reader in a pid namespace of its own knows its own processes.
cat >"$dir/inner" <<-END
	mkfifo $dir/f
	./sockets shared 7004 0 <$dir/f &
	echo \$! >$dir/inner.pid
	exec 9>$dir/f
	until grep -q :7004 $table; do :; done
	cat $table >$dir/inner.table
END
unshare -p -f -m --mount-proc sh "$dir/inner" >/dev/null
check "in a pid namespace: its own pids" is \
	"$(field holders 127.0.0.1:7004 '' "$dir/inner.table" | sed 's,/.*,,')" \
	"$(cat "$dir/inner.pid")"
check "in a pid namespace: of the others nothing" is \
	"$(field creator 127.0.0.1:7001 '' "$dir/inner.table") $(field holders \
	127.0.0.1:7001 '' "$dir/inner.table")" "0/- 0/-"

check "not for everybody" refused su -s /bin/sh nobody -c "cat $table"
check "not for root of another user namespace" refused \
	unshare -U -r cat $table
own()
{
	# The file is of the user who is root as the namespace is made.
	su -s /bin/sh nobody -c "unshare -U -r unshare -n cat $table" \
		>"$dir/own" &&
		is "$(wc -l <"$dir/own")" 1
}
check "for who has a namespace of his own" own

# A session tells who sends and receives.
exec 8<>/sys/kernel/debug/hone/control
echo start >&8
hold 7 ./sockets send 7006 5 100
cat $table >"$dir/table"
check "who sent last" is "$(field sender 127.0.0.1:7006)" "$held/sockets"
check "who received last" is "$(field receiver 127.0.0.1:7006)" "$held/sockets"
# Its records are lost, what is kept with the socket is not.
echo freeze >&8
hold 9 ./sockets send 7007 5 100
cat $table >"$dir/table"
exec 8>&-
check "who sent last, of a ring that takes nothing" \
	is "$(field sender 127.0.0.1:7007)" "$held/sockets"
exec 3>&- 4>&- 5>&- 6>&- 7>&- 9>&-
wait

many=${HONE_TEST_SOCKETS:-30000}
hold 3 ./sockets many "$many"
cat $table >"$dir/table"
check "many: each is told of once" \
	is "$(awk -v who="$held/sockets" '$7 == who && $8 == who' \
		"$dir/table" | sort -u | wc -l)" "$many"
# Others' sockets come and go meanwhile.
grep " $held/sockets $held/sockets " "$dir/table" >"$dir/whole"
dd if=$table bs=4099 2>/dev/null |
	grep " $held/sockets $held/sockets " >"$dir/pieces"
check "many: the same in pieces" \
	is "$(cmp "$dir/whole" "$dir/pieces" 2>&1)" ""
exec 3>&-
wait
ktap_finished
