# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2034,SC2154 # tests set and read these
# What the shell tests share. They set $dir, a folder of theirs.
# shellcheck source=/dev/null
. ./ktap_helpers.sh

reader=$(command -v hone-relayread)

# Header of a test that captures, or its end where there is nothing to do so.
begin_with_reader()
{
	ktap_print_header
	[ -d /sys/kernel/debug/hone ] && [ -n "$reader" ] && return
	ktap_skip_all "no /sys/kernel/debug/hone, or no hone-relayread"
	exit "$KSFT_SKIP"
}

# What there is to say of a check that failed; a test has its own.
explain()
{
	:
}

# check DESCRIPTION COMMAND...: passes if the command does.
check()
{
	what=$1
	shift
	if "$@"; then
		ktap_test_pass "$what"
	else
		explain 2>&1 | tail -n 30 | sed 's/^/# /'
		ktap_test_fail "$what"
	fi
}

# begin NAME ARG...: a reader that has begun; its pid is in $pid.
begin()
{
	name=$1
	shift
	mkfifo "$dir/ready"
	"$reader" --ready-fd 3 "$@" 3>"$dir/ready" 2>"$dir/$name.log" &
	pid=$!
	read -r _ <"$dir/ready"
	rm "$dir/ready"
}

# hold FD COMMAND...: runs it until descriptor FD is closed; waits for its line.
hold()
{
	mkfifo "$dir/in" "$dir/out"
	number=$1
	shift
	"$@" <"$dir/in" >"$dir/out" &
	held=$!
	eval "exec $number>'$dir/in'"
	read -r first <"$dir/out"
	rm "$dir/in" "$dir/out"
	[ "$first" = ready ]
}

# column STATS CPU KIND NAME: a number of a session's account.
column()
{
	awk -v cpu="$2" -v kind="$3" -v name="$4" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		$1 == cpu && $2 == kind { print $at[name] }' "$1"
}
