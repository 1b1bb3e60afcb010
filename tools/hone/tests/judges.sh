#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Stock tools read files of the reader: none of them has anything to complain
# of, all find the same number of packets, and the reader's lines are tcpdump's.
# Results are TAP.
#   judges.sh READER FILE...
# shellcheck disable=SC2317 # they are called by their names
set -u
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export LC_ALL=C TZ=UTC
# Debian's own, which its packages are for.
python=/usr/bin/python3
PATH=$PATH:/usr/sbin
reader=${1:?usage: judges.sh READER FILE...}
shift

# Each prints the number of packets in file $1 and writes complaints to stderr.
capinfos_reads()
{
	capinfos -T -M -r -c "$1" | cut -f2
}

tshark_reads()
{
	tshark -n -r "$1" -T fields -e frame.number 2>"$tmp/said" | wc -l
	grep -v '^Running as user "root"' "$tmp/said" >&2
}

tcpdump_reads()
{
	tcpdump -n --count -r "$1" 2>"$tmp/said" | sed -n 's/ packets*$//p'
	grep -v '^reading from file' "$tmp/said" >&2
}

# One process has read all of them.
scapy_reads()
{
	local count words

	read -r count words <"$tmp/scapy"
	sed -i 1d "$tmp/scapy"
	echo "$count"
	[ -z "$words" ] || echo "$words" >&2
}

# That it has no rules is as it is meant to be.
suricata_reads()
{
	mkdir -p "$tmp/suricata"
	suricata -r "$1" -l "$tmp/suricata" -k none -S /dev/null \
		--runmode single >"$tmp/said" 2>&1
	sed -n 's/.* read 1 files*, \([0-9]*\) packets.*/\1/p' "$tmp/said"
	grep -i 'warning\|error' "$tmp/said" | grep -vi 'rule' >&2
}

there()
{
	case $1 in
	scapy)	"$python" "$here/scapy_reads.py" >/dev/null 2>&1 ;;
	*)	command -v "$1" >/dev/null ;;
	esac
}

n=0
failed=0
judges=()
for judge in capinfos tshark tcpdump scapy suricata; do
	if there "$judge"; then
		judges+=("$judge")
	else
		n=$((n + 1))
		echo "ok $n $judge reads files # SKIP $judge is not installed"
	fi
done
if [[ " ${judges[*]} " = *" scapy "* ]]; then
	"$python" "$here/scapy_reads.py" "$@" >"$tmp/scapy"
fi
for file; do
	name=$(basename "$(dirname "$file")")/$(basename "$file")
	: >"$tmp/why"
	counts=()
	for judge in "${judges[@]}"; do
		counts+=("$("${judge}_reads" "$file" 2>"$tmp/complaints")")
		sed "s/^/$judge: /" "$tmp/complaints" >>"$tmp/why"
	done
	if [ ${#judges[@]} -gt 0 ] &&
	   [ "$(printf '%s\n' "${counts[@]}" | sort -u)" != "${counts[0]}" ]; then
		echo "packets: ${counts[*]} (${judges[*]})" >>"$tmp/why"
	fi
	if [[ " ${judges[*]} " = *" tcpdump "* ]] && [ "${counts[0]}" != 0 ]; then
		"$here/same_lines.pl" "$reader" "$file" >>"$tmp/why" 2>&1
	fi
	n=$((n + 1))
	what="$name: ${counts[0]-no} packets for ${judges[*]-nobody}, no complaint"
	if [ -s "$tmp/why" ]; then
		failed=1
		echo "not ok $n $what"
		sed 's/^/# /' "$tmp/why" | head -n 20
	else
		echo "ok $n $what"
	fi
done
echo "1..$n"
exit $failed
