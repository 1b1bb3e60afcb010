#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Ground truth: runs the cases of `truth` while hone-relayread captures, and
# has truth_check compare.  truth.sh [--together] [CASE...]
#
# HONE_TEST_ROUNDS and HONE_TEST_PROCESSES make it shorter or longer, as a rule
# each case must give at least 500 packets. With HONE_TEST_ROTATE the capture
# goes on in another file after so many seconds. With --together the file is
# left in HONE_TEST_FILES.
# shellcheck source=/dev/null
. ./ktap_helpers.sh

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
reader=$(command -v hone-relayread)
packets=500
together=
case " $* " in *" --together "*) packets=0 together=1 ;; esac
[ -z "${HONE_TEST_ROUNDS:-}" ] || packets=0

skip_all()
{
	ktap_print_header
	ktap_skip_all "$1"
	exit "$KSFT_SKIP"
}
[ -d /sys/kernel/debug/hone ] || skip_all "no /sys/kernel/debug/hone"
[ -n "$reader" ] || skip_all "no hone-relayread"

# Nobody is to be given up too soon: in an emulated machine a program may be
# late to read what has come.
mkfifo "$dir/ready"
keep=${HONE_TEST_KEEP:-}	# for a look at what was wrong
mkdir "$dir/files"
"$reader" -o "$dir/files/capture" ${HONE_TEST_ROTATE:+-G "$HONE_TEST_ROTATE"} \
	${keep:+--record "$dir/raw"} -B 16384 --resolve-window "${HONE_TEST_WINDOW:-20000}" \
	--resolve-buffer 131072 --ready-fd 3 \
	3>"$dir/ready" >"$dir/reader.log" 2>&1 &
pid=$!
if ! read -r _ <"$dir/ready"; then
	cat "$dir/reader.log"
	ktap_print_header
	ktap_set_plan 1
	ktap_test_fail "hone-relayread did not start"
	exit "$KSFT_FAIL"
fi
./truth "$dir/log" --rounds "${HONE_TEST_ROUNDS:-400}" \
	--stress "${HONE_TEST_PROCESSES:-5000}" "$@"
kill -INT $pid
wait $pid || echo "# hone-relayread ended with status $?"
sed 's/^/# /' "$dir/reader.log"
# The file of all cases at once is left for others to look at.
if [ -n "${HONE_TEST_FILES:-}" ] && [ -n "$together" ]; then
	cp "$dir/files/capture" "$HONE_TEST_FILES/truth.pcapng"
fi
[ -z "$keep" ] || cp "$dir/log" "$dir"/files/* "$dir/raw" "$keep"
echo "# files: $(find "$dir/files" -type f | wc -l)"
# In the order they were written in.
# shellcheck disable=SC2046 # names without blanks
./truth_check "$dir/log" "$packets" $(ls -v "$dir"/files/*)
