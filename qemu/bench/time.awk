# SPDX-License-Identifier: GPL-2.0-only
# The time that operations take while programs capture, as ratios:
#   awk -f median.awk -f time.awk capture.txt

# "operation column rounds time packets lost bytes turn", few rounds and many
{
	key = $1 SUBSEP $2 SUBSEP $8
	lost[$2] += $6
	if (!($1 in op_seen)) {
		op_seen[$1] = 1
		ops[++n_ops] = $1
	}
	if (!($2 in column_seen)) {
		column_seen[$2] = 1
		columns[++n_columns] = $2
	}
	if ($8 > turns)
		turns = $8
	if (!(key in rounds)) {
		rounds[key] = $3
		first[key] = $4
		first_packets[key] = $5
		next
	}
	n = $3 - rounds[key]
	time[key] = ($4 - first[key]) / n
	packets[key] = ($5 - first_packets[key]) / n
}

function more(op, column, turn)
{
	return time[op, column, turn] - time[op, "none", turn]
}

# Of all turns, each a ratio of what was measured in it, the middle one.
function whole(op, column,	k, list)
{
	for (k = 1; k <= turns; k++)
		list[k] = time[op, column, k] / time[op, "none", k]
	return sprintf("%.2f", median(list, turns))
}

function added(op, column, other,	k, list, n, p, q)
{
	for (k = 1; k <= turns; k++) {
		p = packets[op, column, k]
		q = packets[op, other, k]
		if (p > 0 && q > 0 && more(op, other, k) > 0)
			list[++n] = more(op, column, k) / p / (more(op, other, k) / q)
	}
	return n * 2 > turns ? sprintf("%.2f", median(list, n)) : "-"
}

END {
	printf "\nTime of an operation, as a part of what it takes without a capture\n%-16s", ""
	for (j = 1; j <= n_columns; j++)
		if (columns[j] != "none")
			printf " %13s", columns[j]
	printf "\n"
	for (i = 1; i <= n_ops; i++) {
		printf "%-16s", ops[i]
		for (j = 1; j <= n_columns; j++)
			if (columns[j] != "none")
				printf " %13s", whole(ops[i], columns[j])
		printf "\n"
	}
	print "\nTime that a program adds for a packet it records, as a part of what another adds"
	for (i = 1; i <= n_ops; i++)
		for (j = 1; j <= n_columns; j++) {
			other = columns[j]
			if (!sub(/^(hone|dumpcap)-/, "tcpdump-", other) ||
			    !(other in column_seen))
				continue
			printf "%-16s %-14s %-13s %6s\n", ops[i], columns[j],
				other, added(ops[i], columns[j], other)
		}
	for (c in lost)
		if (lost[c]) {
			print c " lost " lost[c] " packets: what they would have cost is missing"
			bad = 1
		}
	exit bad || !n_ops
}
