# SPDX-License-Identifier: GPL-2.0-only
# Shared by the scripts: where things are, and how to say what goes wrong.
# shellcheck shell=bash

set -euo pipefail

HONE_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HONE_CACHE=${HONE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hone}
# Which kernel: a folder of patches/ and a package linux-source-*.
HONE_BASE=${HONE_BASE:-6.12}
# shellcheck disable=SC2034 # for the scripts that source this
HONE_TREE=$HONE_CACHE/linux-$HONE_BASE-hone
HONE_OVERLAY="Kconfig.hone include kernel net tools Documentation"
export HONE_TOP HONE_CACHE HONE_BASE HONE_OVERLAY

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	printf '%s: %s\n' "$(basename "$0" .sh)" "$*" >&2
	exit 1
}

need()
{
	command -v "$1" >/dev/null ||
		die "$1 is missing; scripts/setup.sh installs it (Debian package ${2:-$1})"
}

# From here to the end of the script, no other script may hold lock $1.
lock()
{
	local fd

	mkdir -p "$HONE_CACHE"
	exec {fd}>"$HONE_CACHE/$1.lock"
	flock -n "$fd" && return
	say "waiting: another script is at work on $1"
	flock "$fd"
}

jobs()
{
	nproc 2>/dev/null || echo 1
}

# One step with its output in a log, a line that says how it goes, and the
# log's end if it fails.  progress "what" LOG COMMAND...
progress()
{
	local what=$1 log=$2 start pid now n status=0 last=0
	shift 2
	start=$(date +%s)
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	# Ctrl-C reaches the step as well as us.
	while ! wait_for "$pid"; do
		now=$(($(date +%s) - start))
		n=$(grep -c '^  ' "$log" || true)
		if [ -t 2 ]; then
			printf '\r\033[K%s: %s steps, %d:%02d' "$what" "$n" \
				$((now / 60)) $((now % 60)) >&2
		elif [ $((now - last)) -ge 30 ]; then
			last=$now
			say "$what: $n steps, $((now / 60)):$(printf %02d $((now % 60)))"
		fi
	done
	wait "$pid" || status=$?
	now=$(($(date +%s) - start))
	if [ -t 2 ]; then
		printf '\r\033[K' >&2
	fi
	if [ "$status" -ne 0 ]; then
		tail -n 25 "$log" >&2
		die "$what failed after $now s; the whole log is $log"
	fi
	say "$what: done in $((now / 60)):$(printf %02d $((now % 60)))"
}

# True when process $1 has ended; waits for that for a second at most.
wait_for()
{
	timeout 1 tail --pid="$1" -f /dev/null && return 0
	! kill -0 "$1" 2>/dev/null
}
