#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the fuzzers; results are TAP.
#   run.sh OBJECTS SECONDS [FUZZER]...
# Inputs that got further than those of corpus/ are kept in OBJECTS/fuzz/found,
# one that makes the reader fail is in OBJECTS/fuzz/FUZZER-crash-*.
set -u
here=$(cd "$(dirname "$0")" && pwd)
obj=$(cd "${1:?usage: run.sh OBJECTS SECONDS [FUZZER]...}" && pwd)/fuzz
seconds=${2:?usage: run.sh OBJECTS SECONDS [FUZZER]...}
shift 2
[ $# -gt 0 ] || set -- records pcapng arguments status
export LC_ALL=C TZ=UTC
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16

# What the options are called.
"$obj/../hone-relayread" --help |
	grep -o -- '^ *\(-[a-zA-Z], \)\?--[a-z-]*' | tr -d ' ' | tr ',' '\n' |
	sed 's/.*/"&"/' >"$obj/arguments.dict"

# One fuzzer; what it says last is its result.
fuzz()
{
	local fuzzer=$1 found=$obj/found/$1 inputs options

	mkdir -p "$found"
	inputs=("$found" "$here/corpus/$fuzzer")
	options=(-max_total_time="$seconds" -max_len=8192 -timeout=20
		 -rss_limit_mb=1024 -close_fd_mask=3 -print_final_stats=1
		 -artifact_prefix="$obj/$fuzzer-")
	case $fuzzer in
	records)	# The stories of the tests, but for the long one.
			rm -f "$obj/seeds/many.hone"
			inputs+=("$obj/seeds") ;;
	pcapng)		inputs+=("$here/../tests/golden") ;;
	arguments)	options+=(-dict="$obj/arguments.dict") ;;
	esac
	"$obj/fuzz-$fuzzer" "${options[@]}" "${inputs[@]}" \
		>"$obj/$fuzzer.log" 2>&1
}

# As many at a time as there are CPUs.
declare -A pid
for fuzzer; do
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n
	done
	fuzz "$fuzzer" &
	pid[$fuzzer]=$!
done
n=0 failed=0
for fuzzer; do
	n=$((n + 1))
	if wait "${pid[$fuzzer]}"; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' \
			"$obj/$fuzzer.log")
		echo "ok $n fuzzing $fuzzer # $runs runs in $seconds s"
	else
		echo "not ok $n fuzzing $fuzzer"
		grep -v '^#' "$obj/$fuzzer.log" | tail -n 40 | sed 's/^/# /'
		failed=1
	fi
done
echo "1..$n"
exit $failed
