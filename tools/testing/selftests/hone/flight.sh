#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The flight recorder: dumps under load, each a file that stands alone and whose
# account is exact, with those in it that died before. The files are left in
# HONE_TEST_FILES.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

debug=/sys/kernel/debug/hone
dir=$(mktemp -d)
trap 'touch $dir/over; rm -rf "$dir"' EXIT

begin_with_reader
ktap_set_plan 14

explain()
{
	tail -n 20 "$dir/log"
}

load()
{
	while [ ! -e "$dir/over" ]; do
		./truth "$dir/truth" --rounds 200 udp tcp >/dev/null 2>&1
	done
}

# The $2nd number that the reader told of packets $1.
number()
{
	sed -n "s/^\([0-9]*\) packets\{0,1\} $1.*/\1/p" "$dir/log" | sed -n "$2p"
}

# dumped N: waits until the file of number N is complete, and told of.
dumped()
{
	n=0
	until [ "$(wc -l <"$dir/files")" -gt "$1" ] &&
	      [ "$(grep -c overwritten "$dir/log")" -gt "$1" ]; do
		kill -0 $pid 2>/dev/null || return 1
		sleep 0.1
		n=$((n + 1))
		[ $n -lt 600 ] || return 1
	done
}

# After N dumps: what was seen was filtered, lost, overwritten, or is in a file.
exact()
{
	files=0 i=1
	while [ $i -le "$1" ]; do
		files=$((files + $(number captured $i)))
		i=$((i + 1))
	done
	sum=$((files + $(number filtered "$1") + $(number lost "$1") + \
	       $(number overwritten "$1")))
	echo "# dump $1: $(number 'seen' "$1") seen, $files in files," \
		"$(number lost "$1") lost, $(number overwritten "$1") overwritten"
	[ "$(number 'seen' "$1")" = $sum ]
}

: >"$dir/files"
: >"$dir/log"
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\necho "$1" >>%s/files\n' "$dir" >"$dir/done"
chmod +x "$dir/done"
mkfifo "$dir/ready"
"$reader" --flight -o "$dir/flight" -B 128 -s 96 -z "$dir/done" --ready-fd 3 \
	3>"$dir/ready" 2>"$dir/log" &
pid=$!
check "it begins" read -r _ <"$dir/ready"
load &
load=$!

overwriting()
{
	until [ "$(column "$debug"/s*/stats all packet overwritten)" -gt 2000 ]; do
		kill -0 $pid || return 1
	done
}
check "packets are overwritten" overwriting
busy()
{
	! cat "$debug"/s*/events0 >"$dir/none" 2>&1 &&
		grep -qi 'busy' "$dir/none"
}
check "nobody reads what is overwritten" busy
kill -USR2 $pid
check "a dump under load" dumped 0
check "its account is exact" exact 1
check "it goes on" test "$(sed -n 's/^state: //p' "$debug/control" 2>/dev/null;
	[ -d "$debug"/s0 ] && echo there)" = "new
there"
kill -USR2 $pid
check "another dump" dumped 1
check "the account of both is exact" exact 2

# Who sends and dies before the dump is described, with its arguments. What
# looks for it is among the processes as well, and is not to find itself.
touch "$dir/over"
wait $load
ping -c 3 127.0.0.1 >/dev/null
kill -USR2 $pid
check "a dump of what was" dumped 2
named()
{
	grep -aq 'COMM=[p]ing' "$1" && grep -aq '[p]ing.-c.3.127' "$1"
}
check "who has died is named" named "$dir/flight2"
drained()
{
	! grep -aq 'COMM=[p]ing' "$1"
}
kill -TERM $pid
wait $pid
check "it ends well" test $? -eq 0
check "and leaves a last file" test -s "$dir/flight3"
check "without what was written before" drained "$dir/flight3"
check "no session is left" test "$(cat /sys/kernel/hone/sessions)" -eq 0
if [ -n "${HONE_TEST_FILES:-}" ]; then
	for f in "$dir"/flight*; do
		cp "$f" "$HONE_TEST_FILES/$(basename "$f").pcapng"
	done
fi
ktap_finished
