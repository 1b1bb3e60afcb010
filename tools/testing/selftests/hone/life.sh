#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What sockets are used for is told to a reader that tells it: not to one that
# writes only PCAP-NG.
# shellcheck source=hone_helpers.sh
. ./hone_helpers.sh

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

begin_with_reader
ktap_set_plan 4

explain()
{
	tail -n 8 "$dir/log"
}

# Socket records of a capture with options $@, in which 20 sockets are opened,
# bound, connected, closed and freed.
records()
{
	# shellcheck disable=SC2016 # for the command
	"$reader" -v -o "$dir/out.pcapng" "$@" -- sh -c \
		'i=0
		 while [ $i -lt 20 ]; do
			./sockets send 7701 1 10 </dev/null || exit
			i=$((i + 1))
		 done' >"$dir/said" 2>"$dir/log" || return 1
	sed -n 's/^\([0-9]*\) socket records.*/\1/p' "$dir/log"
}
few()
{
	n=$(records "$@") && [ "$n" -ge 40 ] && [ "$n" -lt 60 ]
}
all()
{
	n=$(records "$@") && [ "$n" -ge 100 ]
}

check "PCAP-NG needs only their life" few
check "text needs all" all --text="$dir/text"
check "JSON, too" all --json="$dir/json"
check "what is recorded is for all" all --record="$dir/record"
ktap_finished
