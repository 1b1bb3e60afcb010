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
if [ -d "$tmp/debug/s0" ]; then
	t "--datagrams: is handed to the kernel" tells_datagrams
fi
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
