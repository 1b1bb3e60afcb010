# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2317 # run.sh reads this
# What the programs say of their options, the manual does too, and tests use.
helped()
{
	"$reader" --help | grep -o -- '^ *\(-[a-zA-Z], \)\?--[a-z-]*' |
		grep -o -- '--[a-z-]*' | sort -u
}
manual()
{
	grep '^\.It Fl' "$here/../hone-relayread.8" |
		grep -o -- 'Fl -[a-z-]*' | sed 's/Fl /-/' | sort -u
}
options_agree()
{
	helped >"$tmp/helped"
	manual >"$tmp/manual"
	diff "$tmp/helped" "$tmp/manual" && [ -s "$tmp/helped" ]
}
t "--help and the manual agree" options_agree
dump_agrees()
{
	"$obj/honedump" --help | grep -o -- '--[a-z-]*' | sort -u >"$tmp/helped"
	grep -o 'Fl -[a-z-]*' "$here/../honedump.1" | sed 's/Fl /-/' | sort -u |
		grep -v -x -e --extcap-interfaces -e --help -e --version \
		-e --reader >"$tmp/manual"
	grep -v -x -e --extcap-interfaces -e --reader "$tmp/helped" |
		diff - "$tmp/manual"
}
t "honedump's, too" dump_agrees

# Short ones, each beside its long one: "x hex".
both_forms()
{
	"$reader" --help | sed -n 's/^  -\(.\), --\([a-z-]*\).*/\1 \2/p'
}
forms_agree()
{
	local letter name

	both_forms >"$tmp/forms"
	while read -r letter name; do
		grep -q "^\.It Fl $letter \(.*Fl -$name\b\|, Fl -$name\)" \
			"$here/../hone-relayread.8" || {
			echo "-$letter, --$name"
			return 1
		}
	done <"$tmp/forms"
	[ "$(grep -c '^\.It Fl [a-zA-Z0-9] ' "$here/../hone-relayread.8")" -eq \
		"$(wc -l <"$tmp/forms")" ]
}
t "short ones, too" forms_agree

t "--version" test "$("$reader" --version)" = "hone-relayread 1.0"
tells_datagrams()
{
	sed -i 6,\$d "$tmp/debug/control"
	"$reader" -q --debugfs="$tmp/debug" --datagrams=change -o /dev/null \
		--duration=0.1 || return 1
	cat "$tmp/debug/control"
	grep -qx 'datagrams change' "$tmp/debug/control"
}
# The kernel takes whole pages of 32 kB at least, 4 to 1024 times: buffered KB SIZE
# NUMBER, in which SIZE is what it has if it is not told.
buffered()
{
	local page

	page=$(($(getconf PAGESIZE) / 1024))
	sed -i 6,\$d "$tmp/debug/control"
	"$reader" -q --debugfs="$tmp/debug" -B "$1" -o /dev/null \
		--duration=.1 || return 1
	sed -n 's/^subbuf/subbuf/p' "$tmp/debug/control" | tee "$tmp/sizes"
	awk -v kb="$1" -v size="$2" -v n="$3" -v page="$page" '
		/^subbuf_size / && NF == 2 && !/bytes/ { size = $2 }
		/^subbufs / { n = $2 }
		END {
			exit size % page || size < 32 || size > 16384 ||
				n < 4 || n > 1024 || size * n < kb ||
				size * n > kb + kb / 4 + 4 * page
		}' "$tmp/sizes"
}
if [ -d "$tmp/debug/s0" ]; then
	t "--datagrams: is handed to the kernel" tells_datagrams
	for kb in 128 129 200 500 1000 1024 1500 4096 262144 300000 4194304; do
		t "-B $kb: is what the kernel takes" buffered $kb 256 16
	done
fi
for kb in 0 1 127 4194305; do
	t "-B $kb: is too much, or not enough" status 2 \
		'is not from 128 to 4194304' "$reader" -B $kb
done

# What is wrong is said of what is wrong.
t "a short one that is none, of several" status 2 '^hone-relayread: -e: no such' \
	"$reader" -r "$tmp/tcp.hone" -xeA
t "a short one that is none, behind a long one" status 2 \
	'^hone-relayread: -e: no such' "$reader" --usec -e
t "a long one that is none" status 2 '^hone-relayread: --nosuch: no such option' \
	"$reader" --nosuch
t "one that may be several" status 2 '--com=x: may be any of --comm --comment' \
	"$reader" --com=x
t "one with an argument too much" status 2 '--usec=1: takes no argument' \
	"$reader" --usec=1
t "a short one without its argument" status 2 '-s: needs an argument' \
	"$reader" -xs
t "a long one without its argument" status 2 '--snaplen: needs an argument' \
	"$reader" --snaplen
t "tcpdump's that say nothing here" status 0 '' "$reader" -q -r "$tmp/tcp.hone" \
	-n -p -S --text="$tmp/x"
for word in '-c 0' '-W 0' '--count-only=0'; do
	# shellcheck disable=SC2086
	t "$word: is nothing" status 2 'is not from 1 to' "$reader" $word
done
for word in abc . -1 1.x 1e3 ''; do
	t "--duration=$word: is no number" status 2 "$word: is not a number" \
		"$reader" --duration="$word"
done
t "--duration=0.0: is nothing" status 2 'is nothing' "$reader" --duration=0.0
t "--duration: too long" status 2 'is more than 1000000000' "$reader" \
	--duration=1000000001.5
t "-C .5: is a half" status 0 '' "$reader" -q -r "$tmp/tcp.hone" -C .5 \
	-o "$tmp/half.pcapng"
t "--ready-fd: not open" status 2 '--ready-fd: 77: Bad file' "$reader" --ready-fd=77
for word in tcp '-i lo' '-Q in' '-c 1' '-s 96' '--print' '--pre-firewall'; do
	# shellcheck disable=SC2086
	t "--count-only: $word" status 2 'there are no packets' "$reader" \
		--count-only $word
done
t "--count-only: only -o" status 2 'no word for counts' "$reader" --count-only \
	-o "$tmp/x"
t "--datagrams: neither" status 2 'is neither change nor all' "$reader" \
	--datagrams=some

# used PROGRAM: the options that it has been given, by its trace; those behind
# -- are another program's.
used()
{
	sed -n "s/ -- .*//; s/.*$1['\"]\{0,1\} \(-.*\)/ \1/p" "$tmp/trace" |
		grep -o " ['\"]\{0,1\}-[a-zA-Z-][a-z-]*" | tr -d " '\"" | sort -u
}
# By one of its names, with its argument behind it or not.
all_used()
{
	local letter name missing=''
	local selftests=$here/../../testing/selftests/hone

	used hone-relayread >"$tmp/used"
	[ ! -d "$selftests" ] || grep -ho -e '--[a-z][a-z-]*' \
		"$selftests"/*.sh >>"$tmp/used"
	both_forms >"$tmp/forms"
	for name in $(helped); do
		letter=$(sed -n "s/^\(.\) ${name#--}$/\1/p" "$tmp/forms")
		grep -qx -e "$name" "$tmp/used" ||
			{ [ "$letter" ] && grep -q "^-$letter" "$tmp/used"; } ||
			missing="$missing $name"
	done
	echo "no test uses:$missing"
	[ -z "$missing" ]
}
t "each option of the reader has a test" all_used
dump_used()
{
	used honedump >"$tmp/used"
	"$obj/honedump" --help | grep -o -- '--[a-z-]*' | sort -u >"$tmp/told"
	comm -13 "$tmp/used" "$tmp/told" | tee "$tmp/missing"
	[ -s "$tmp/told" ] && [ ! -s "$tmp/missing" ]
}
t "each option of honedump has a test" dump_used
# The tests above can fail.
finds_missing()
{
	helped()
	{
		echo --no-such-option
	}
	! all_used
}
t "an option without a test is found" eval '(finds_missing)'
