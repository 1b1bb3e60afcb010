# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # run.sh reads this
# What the system does to the reader, and what the reader takes of it.

# Runs the reader with reads and writes that misbehave.
with_fault()
{
	local fault=$1 want=$2 says=$3

	shift 3
	status "$want" "$says" env LD_PRELOAD="$obj/hone-fault.so" \
		HONE_FAULT="$fault" "$reader" -q "$@"
}
unharmed()
{
	with_fault "$1" 0 '' -r "$2" -o "$tmp/unharmed" &&
		cmp "$tmp/unharmed" "$tmp/tcp.pcapng"
}
for fault in short eintr; do
	for kind in hone pcapng; do
		t "$fault: reads and writes of $kind" unharmed "$fault" \
			"$tmp/tcp.$kind"
	done
done
kept_before()
{
	rm -f "$tmp/kept"
	with_fault "$@" -o "$tmp/kept" && perl "$here/verify.pl" "$tmp/kept"
}
head -c 5000000 "$tmp/many.pcapng" >"$tmp/long.pcapng"
if have perl; then
	t "writing fails" kept_before output:1 1 'writing: .*Input/output error' \
		-r "$tmp/tcp.hone"
	t "the second piece cannot be written" kept_before output:2 1 \
		'writing: .*Input/output error' -r "$tmp/many.hone"
	# Records that come when there is no file any more.
	turns_full()
	{
		local n

		for n in 300 900 1500 2100; do
			rm -rf "$tmp/turn"
			mkdir "$tmp/turn"
			with_fault full:$n 1 'writing: .*No space left' \
				-r "$tmp/late.hone" -o "$tmp/turn/x" -C 0.001 ||
				return 1
		done
	}
	t "the disk is full before the next file" turns_full
	t "the disk is full within a block" kept_before full:1500001 1 \
		'writing: .*No space left' -r "$tmp/many.hone"
	# It is looked through first, 128 kB at a time.
	reads=$(($(stat -c %s "$tmp/many.hone") / 131072 + 10))
	t "reading a raw file fails" kept_before input:$reads 1 \
		'reading: .*Input/output error' -r "$tmp/many.hone"
	t "reading PCAP-NG fails" kept_before input:4 1 \
		'reading: .*Input/output error' -r "$tmp/long.pcapng"
	t "a raw file is cut while it is read" kept_before end:$reads 1 \
		'has become shorter' -r "$tmp/many.hone"
fi
t "a directory is no file" status 1 'Is a directory' "$reader" -r "$tmp"

# The clock's steps are the file's business only at its beginning.
stepped()
{
	perl -0777 -pe 'my $n = 0; s/(HONE.{12})(.{8})/$1 .
		($n++ ? pack("Q", unpack("Q", $2) - 3600e9) : $2)/gse' \
		"$tmp/two-cpus.hone" >"$tmp/stepped" &&
		! cmp -s "$tmp/stepped" "$tmp/two-cpus.hone" &&
		"$reader" -q -r "$tmp/stepped" -o "$tmp/stepped.pcapng" &&
		perl "$here/verify.pl" "$tmp/stepped.pcapng" &&
		cmp "$tmp/stepped.pcapng" "$tmp/two-cpus.pcapng"
}
judge perl "the real clock steps back" stepped

# What is in order flows through a pipe; what is not waits for its end.
flows()
{
	local first

	mkfifo "$tmp/in" "$tmp/out"
	timeout --foreground 60 "$reader" -q -r - -o - <"$tmp/in" >"$tmp/out" &
	exec 8>"$tmp/in" 9<"$tmp/out"
	cat "$tmp/record.hone" >&8
	# The input is still open, and the head has come.
	read -r -N 4 first <&9
	exec 8>&-
	cat <&9 >"$tmp/null"
	exec 9<&-
	wait $! && [ "$first" = $'\n\r\r\n' ]
}
if [ -e "$tmp/record.hone" ]; then
	t "a pipe of --record is taken as it comes" flows
fi

# Many processes that come and go, and no more memory for it.
bounded()
{
	(ulimit -d 131072; "$obj/hone-mkstream" 400000 20 4 |
		status 0 '' "$reader" -q -r - -o /dev/null)
}
t "100,000 processes in 128 megabytes" bounded

# More than can be kept until nothing is said of them any more.
crowded()
{
	(ulimit -d 131072; "$obj/hone-mkstream" 300000 20 1 20 |
		status 0 '' "$reader" -q -r - -o /dev/null)
}
t "300,000 processes and connections in six seconds, too" crowded

# But what has ended just now, and what lives, is not forgotten for it.
crowd_is_named()
{
	"$obj/hone-mkcrowd" "$@" |
		status 0 '' "$reader" -q -r - --text="$tmp/crowd" || return 1
	! grep 'PAKT.*pid=0' "$tmp/crowd" | head -n 3 | grep .
}
t "data that wait when 70,000 live on" crowd_is_named live 70000 8
t "and the end of each is told" test \
	"$(grep -c how=free "$tmp/crowd")" -eq 8
t "the last answer of 5,000 connections a second" crowd_is_named \
	short 5000 20 14000

t "and of those that are forgotten as soon as may be" crowd_is_named \
	short 500000 1 10

# Who makes many connections, or reads much, makes no memory of it that stays.
small()
{
	local kb=$1

	shift
	(ulimit -d "$kb"; "$obj/hone-mkcrowd" "$@" |
		status 0 '' "$reader" -q -r - -o "$tmp/crowd.pcapng")
}
t "two have read in turns, often, of 1,000 connections" small 32768 \
	readers 1000 4096
t "600,000 connections of which nothing is told" small 131072 \
	strangers 600000
t "what has ended at the time 0" small 131072 zero 70000
t "and its file is read" status 0 '' "$reader" -q -r "$tmp/crowd.pcapng" \
	-o /dev/null

# Instructions that a record takes, by what bench.sh calls it: what was won is
# not to be lost.
costs_at_most()
{
	"$here/bench.sh" "$obj" --count | tee "$tmp/bench"
	awk -F ': *' '
		BEGIN {
			most["Hone layer alone"] = 400
			most["all layers"] = 420
			most["UDP, taken at once"] = 345
			most["UDP, behind 64"] = 400
			most["UDP, behind 4096"] = 400
		}
		/instructions a record/ {
			n++
			if (!($1 in most) || $2 + 0 > most[$1])
				bad = 1
		}
		END { exit bad || n != 5 }' "$tmp/bench"
}
judge valgrind "a record takes as many instructions as it may" costs_at_most

# Memory is used as it should be, all of it.
checked_by_valgrind()
{
	local f

	for f in "$tmp/multicast.hone" "$tmp/tcp.pcapng" "$tmp/late.pcapng"; do
		status 0 '' valgrind -q --error-exitcode=9 --leak-check=no \
			"$reader" -q -r "$f" -o "$tmp/unharmed" \
			--text="$tmp/null" --json=/dev/null --print=/dev/null \
			-X --summary=/dev/null || return 1
	done
}
judge valgrind "valgrind finds nothing" checked_by_valgrind

# Ten thousand processes and connections that come and go, in 1000 seconds: the
# reader forgets them.
judge perl "memory stays flat over a stream" "$here/memory.pl" "$reader" 12 300 \
	-- "$obj/hone-mkstream" 200000 1400 20 5000
growing()
{
	status 1 'it grows' "$here/memory.pl" "$reader" 4 75 -- \
		"$obj/hone-mkstream" 50000 1400 10 10
}
judge perl "and is seen to grow where nothing has ended long enough" growing
