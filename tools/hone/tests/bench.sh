#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What conversion of a recorded stream costs, in instructions and in time.
#   bench.sh OBJECTS [--count]	where make has put the programs
# With --count only instructions: they are the same whatever else runs.
set -eu
obj=$(cd "${1:?usage: bench.sh OBJECTS [--count]}" && pwd)
reader=$obj/hone-relayread
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Instructions of a run: costs FILE OPTION...
costs()
{
	local file=$1

	shift
	valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"$reader" -r "$file" -o /dev/null -v "$@" 2>&1 |
		tee "$tmp/log" | sed -n 's/.*Collected : *//p'
}

# Records are what the reader says that it has seen.
per_record()
{
	local n

	n=$(costs "$@")
	awk -v n="$n" '/packets? seen|records/ { records += $1 }
		END { printf "%d instructions a record", n / records }' \
		"$tmp/log"
}

"$obj/hone-mkstream" 200000 64 100 >"$tmp/small"
"$obj/hone-mkstream" 200000 64 0 >"$tmp/trips"
"$obj/hone-mkstream" 50000 64 0 10 64 >"$tmp/few"
"$obj/hone-mkstream" 50000 64 0 10 4096 >"$tmp/many"
if command -v valgrind >/dev/null; then
	echo "Hone layer alone: $(per_record "$tmp/small" --no-comment \
		--process-info=none)"
	echo "all layers:       $(per_record "$tmp/small")"
	echo "UDP, taken at once: $(per_record "$tmp/trips" --no-comment \
		--process-info=none)"
	echo "UDP, behind 64:   $(per_record "$tmp/few" --no-comment \
		--process-info=none)"
	echo "UDP, behind 4096: $(per_record "$tmp/many" --no-comment \
		--process-info=none)"
else
	echo "instructions: valgrind is not installed"
fi

[ "${2-}" != --count ] || exit 0

# Seconds that a command takes, the best of three.
seconds()
{
	local TIMEFORMAT=%R i

	# shellcheck disable=SC2034 # it counts
	for i in 1 2 3; do
		{ time "$@" >/dev/null 2>&1; } 2>&1
	done | sort -n | head -n 1
}
rate()
{
	awk -v n="$1" -v s="$2" -v of="$3" \
		'BEGIN { printf "%.2f million %s a second", n / s / 1e6, of }'
}

echo "small packets:    $(rate 202000 \
	"$(seconds "$reader" -q -r "$tmp/small" -o /dev/null)" packets)"
"$obj/hone-mkstream" 200000 1400 100 >"$tmp/large"
bytes=$(stat -c %s "$tmp/large")
cat=$(seconds cat "$tmp/large")
us=$(seconds "$reader" -q -r "$tmp/large" -o /dev/null)
echo "1400 bytes each:  $(rate "$bytes" "$us" bytes)," \
	"$(awk -v a="$cat" -v b="$us" 'BEGIN { printf "%.2f", a / b }')" \
	"of the rate of cat"
