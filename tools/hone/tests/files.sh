# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # run.sh reads this
# What becomes of a file while it is written.

# stopped N FILE OPTION...: what FILE has when the Nth piece has been written.
stopped()
{
	local n=$1 out=$2 pid

	shift 2
	rm -f "$out"
	LD_PRELOAD="$obj/hone-fault.so" HONE_FAULT=stop:$n "$reader" -q \
		-r "$tmp/udp.hone" "$@" &
	pid=$!
	# Or has ended, without as many.
	timeout 60 sh -c "while grep -qs '^State:.[^TZ]' /proc/$pid/status; do :; done"
	cp "$out" "$tmp/grown"
	kill -CONT $pid
	wait $pid
}
# A part of it has come; and without that option it has not.
grows()
{
	local how=$1 out=$3

	shift
	stopped "$@" "$how" || return 1
	wc "$tmp/grown" "$out"
	cmp -n "$(stat -c %s "$tmp/grown")" "$tmp/grown" "$out" || return 1
	[ -s "$tmp/grown" ] &&
		[ "$(stat -c %s "$tmp/grown")" -lt "$(stat -c %s "$out")" ]
}
t "-U: packets are in the file as they are known" grows -U 12 \
	"$tmp/each.pcapng" -o "$tmp/each.pcapng"
t "-U: the file is the same at the end" cmp "$tmp/each.pcapng" "$tmp/udp.pcapng"
five_packets()
{
	shark "$tmp/grown" frame 5
}
judge tshark "and has whole packets" five_packets
t "-l: lines are there as they are known" grows -l 6 "$tmp/each.line" \
	--print="$tmp/each.line"
six_lines()
{
	cat "$tmp/grown"
	[ "$(wc -l <"$tmp/grown")" -eq 6 ] && [ -z "$(tail -c 1 "$tmp/grown")" ]
}
t "-l: whole ones" six_lines
t "-l: nothing is different at the end" cmp "$tmp/each.line" "$tmp/udp.line"
together()
{
	! grows -q 6 "$tmp/each.line" --print="$tmp/each.line"
}
t "without they are written together" together
# Of the kernel's records, too: the tenth piece is not the last.
records_grow()
{
	local out=$tmp/each.raw pid

	sed -i 6,\$d "$tmp/debug/control"
	rm -f "$out"
	LD_PRELOAD="$obj/hone-fault.so" HONE_FAULT=stop:10 "$reader" -q \
		--debugfs="$tmp/debug" --record="$out" --duration=0.2 "$@" &
	pid=$!
	timeout 60 sh -c "while grep -qs '^State:.[^TZ]' /proc/$pid/status; do :; done"
	cp "$out" "$tmp/grown"
	kill -CONT $pid
	wait $pid || return 1
	wc -c "$tmp/grown" "$out"
	[ -s "$tmp/grown" ] &&
		[ "$(stat -c %s "$tmp/grown")" -lt "$(stat -c %s "$out")" ]
}
records_together()
{
	! records_grow -n
}
if [ -d "$tmp/debug/s0" ]; then
	t "-U: records are in the file as they come" records_grow -U
	t "without they are written together, too" records_together
fi

# A file that is taken away while it is written is told of, and ends it.
taken()
{
	local how=$1 says=$2 out=$tmp/taken.$3

	shift 2
	rm -f "$out" "$tmp/taking"
	mkfifo "$tmp/taking"
	timeout --foreground 60 "$reader" -q --debugfs="$tmp/debug" "--$1=$out" \
		--ready-fd 3 3>"$tmp/taking" 2>"$tmp/taken.log" &
	read -r _ <"$tmp/taking"
	"$how" "$out"
	wait $!
	[ $? -eq 1 ] || return 1
	cat "$tmp/taken.log"
	grep -q "writing: $out: $says" "$tmp/taken.log"
}
empties()
{
	: >"$1"
}
if [ -d "$tmp/debug/s0" ]; then
	for kind in write text json print record; do
		sed -i 6,\$d "$tmp/debug/control"
		t "--$kind: its file is removed" taken rm 'the file has been removed' $kind
		t "--$kind: its file is emptied" taken empties \
			'the file has become shorter' $kind
	done
	moved()
	{
		local out=$tmp/taken.moved

		rm -f "$out" "$tmp/taking"
		mkfifo "$tmp/taking"
		timeout --foreground 60 "$reader" -q --debugfs="$tmp/debug" \
			-o "$out" --ready-fd 3 3>"$tmp/taking" &
		read -r _ <"$tmp/taking"
		mv "$out" "$out.pcapng" && kill -TERM $!
		wait $! && [ ! -e "$out" ] && perl "$here/verify.pl" "$out.pcapng"
	}
	t "a file that gets another name is gone on with" moved
fi
