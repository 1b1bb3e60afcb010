# SPDX-License-Identifier: GPL-2.0-only
# Tables of the bench, for people on standard output and as dir/bench.json:
#   awk -v dir=DIR -f table.awk n/idle.txt y/{idle,counted,filtered,nobody,captured}.txt capture.txt

function name_of_part(	parts, n)
{
	n = split(FILENAME, parts, "/")
	return parts[n - 1] "/" parts[n]
}

# "operation instructions"
name_of_part() != "capture/capture.txt" {
	part = name_of_part()
	if (part == "n/idle.txt")
		rows[++n_rows] = $1
	idle[part, $1] = $2
	next
}

# "operation column rounds instructions packets lost bytes", N and twice N
{
	if (!(($1, $2) in first)) {
		if (!($1 in op_seen)) {
			op_seen[$1] = 1
			ops[++n_ops] = $1
		}
		if (!($2 in column_seen)) {
			column_seen[$2] = 1
			columns[++n_columns] = $2
		}
		first[$1, $2] = $4
		first_packets[$1, $2] = $5
		first_bytes[$1, $2] = $7
		rounds[$1, $2] = $3
	} else {
		n = $3 - rounds[$1, $2]
		cost[$1, $2] = ($4 - first[$1, $2]) / n
		packets[$1, $2] = ($5 - first_packets[$1, $2]) / n
		bytes[$1, $2] = ($7 - first_bytes[$1, $2]) / n
	}
	lost += $6
}

function idle_table(	i, op, was, is, over)
{
	printf "While nobody captures\n%-16s %13s %13s %8s %8s\n",
		"instructions per", "CONFIG_HONE=n", "CONFIG_HONE=y",
		"more", "percent"
	for (i = 1; i <= n_rows; i++) {
		op = rows[i]
		was = idle["n/idle.txt", op]
		is = idle["y/idle.txt", op]
		over = is - was > 8 && is - was > was / 1000
		bad += over
		printf "%-16s %13.1f %13.1f %8.1f %8.3f%s\n", op, was, is,
			is - was, 100 * (is - was) / was,
			over ? "  over the bound" : ""
		printf "%s\t\t\"%s\": { \"n\": %.1f, \"y\": %.1f, \"over\": %s }",
			(i > 1 ? ",\n" : ""), op, was, is,
			over ? "true" : "false" >json
	}
}

# The same operations with nobody to read the rings.
function session_table(	i, op, is)
{
	printf "\nMore while a session captures, without its reader's work\n"
	printf "%-16s %13s %13s %13s %13s\n", "instructions per", "counts only",
		"users only", "of nobody", "heads as well"
	for (i = 1; i <= n_rows; i++) {
		op = rows[i]
		is = idle["y/idle.txt", op]
		printf "%-16s %13.1f %13.1f %13.1f %13.1f\n", op,
			idle["y/counted.txt", op] - is,
			idle["y/filtered.txt", op] - is,
			idle["y/nobody.txt", op] - is,
			idle["y/captured.txt", op] - is
		printf "%s\t\t\"%s\": { \"counts\": %.1f, \"users\": %.1f, \"nobody\": %.1f, \"heads\": %.1f }",
			(i > 1 ? ",\n" : ""), op,
			idle["y/counted.txt", op] - is,
			idle["y/filtered.txt", op] - is,
			idle["y/nobody.txt", op] - is,
			idle["y/captured.txt", op] - is >json
	}
}

function capture_head(title,	j)
{
	printf "\n%s\n%-16s", title, "per operation"
	for (j = 1; j <= n_columns; j++)
		printf " %13s", columns[j]
	printf "\n"
}

function more(op, column)
{
	return cost[op, column] - cost[op, "none"]
}

function capture_table(	i, j, op, column, value)
{
	capture_head("Instructions, and how many more than without (none), while a program captures")
	for (i = 1; i <= n_ops; i++) {
		op = ops[i]
		printf "%-16s", op
		for (j = 1; j <= n_columns; j++) {
			column = columns[j]
			if (!((op, column) in cost)) {
				printf " %13s", "-"
				continue
			}
			value = cost[op, column]
			if (column != "none")
				value -= cost[op, "none"]
			printf " %13.1f", value
		}
		printf "\n"
	}
	capture_head("Packets recorded")
	for (i = 1; i <= n_ops; i++) {
		printf "%-16s", ops[i]
		for (j = 1; j <= n_columns; j++) {
			if ((ops[i], columns[j]) in cost)
				printf " %13.2f", packets[ops[i], columns[j]]
			else
				printf " %13s", "-"
		}
		printf "\n"
	}
}

# What a column adds, as a part of what another adds, for a packet or byte.
function ratio(op, column, other, by_byte,	a, b)
{
	a = by_byte ? bytes[op, column] : packets[op, column]
	b = by_byte ? bytes[op, other] : packets[op, other]
	if (a < 0.5 || b < 0.5 || !more(op, other))
		return "-"
	return sprintf("%.3f", more(op, column) / a / (more(op, other) / b))
}

function whole(op, column, other)
{
	if (packets[op, other] < 0.5 || !more(op, other))
		return "-"
	return sprintf("%.3f", more(op, column) / more(op, other))
}

function ratio_row(op, column, other)
{
	if (!((op, column) in cost) || !((op, other) in cost))
		return
	printf "%-16s %-14s %-13s %10s %10s %10s\n", op, column, other,
		ratio(op, column, other, 0), ratio(op, column, other, 1),
		whole(op, column, other)
}

function ratio_table(	i)
{
	printf "\nWhat a column adds, as a part of what another adds\n"
	printf "%-16s %-14s %-13s %10s %10s %10s\n", "", "", "against",
		"a packet", "a byte", "operation"
	for (i = 1; i <= n_ops; i++) {
		ratio_row(ops[i], "hone-96", "tcpdump-96")
		ratio_row(ops[i], "hone-96-all", "tcpdump-96")
		ratio_row(ops[i], "hone-full", "tcpdump-full")
		ratio_row(ops[i], "hone-full-all", "tcpdump-full")
		ratio_row(ops[i], "dumpcap-96", "tcpdump-96")
	}
}

# What was not measured is left out.
function capture_json(	i, j, n, op, column)
{
	for (i = 1; i <= n_ops; i++) {
		op = ops[i]
		n = 0
		printf "%s\t\t\"%s\": {\n", (i > 1 ? ",\n" : ""), op >json
		for (j = 1; j <= n_columns; j++) {
			column = columns[j]
			if (!((op, column) in cost))
				continue
			printf "%s\t\t\t\"%s\": { \"instructions\": %.1f, \"packets\": %.3f, \"bytes\": %.1f }",
				(n++ ? ",\n" : ""), column, cost[op, column],
				packets[op, column], bytes[op, column] >json
		}
		printf "\n\t\t}" >json
	}
}

END {
	json = dir "/bench.json"
	printf "{\n\t\"idle\": {\n" >json
	idle_table()
	printf "\n\t},\n\t\"session\": {\n" >json
	session_table()
	printf "\n\t},\n\t\"capture\": {\n" >json
	if (n_ops) {
		capture_table()
		ratio_table()
		capture_json()
	}
	printf "\n\t}\n}\n" >json
	print "\nThe bound is 0.1 % or 8 instructions, whichever is more. " json
	if (lost) {
		print lost " packets were lost: what they would have cost is missing"
		bad++
	}
	exit bad || !n_rows
}
