# SPDX-License-Identifier: GPL-2.0-only
# What a recorded packet costs, by the size of a crowd: a table for people on
# standard output, and a plot:
#   awk -v svg=FILE -f median.awk -f growth.awk {counted,sessions,cpus-*,timed}/capture.txt

function part(	parts, n)
{
	n = split(FILENAME, parts, "/")
	return parts[n - 1]
}

# The name of the series that a measurement belongs to, and its size.
function place(op, column,	f)
{
	split(op, f, ":")
	name = f[1]
	size = f[2]
	if (part() == "sessions") {
		name = "sessions"
		size = substr(column, length("hone-96x") + 1)
	}
	if (part() == "timed")
		name = name " (time)"
}

function point(value,	n)
{
	if (!((name, size) in turns)) {
		if (!(name in n_points))
			series[++n_series] = name
		n = ++n_points[name]
		x[name, n] = size
	}
	values[name, size, ++turns[name, size]] = value
}

# "operation column rounds cost packets lost bytes turn", few rounds and many:
# what the rounds cost that are more, and without a capture, is no packet's.
{
	key = part() SUBSEP $1 SUBSEP $2 SUBSEP $8
	lost += $6
	if (!(key in first)) {
		first[key] = $4
		first_packets[key] = $5
		rounds[key] = $3
		next
	}
	n = $3 - rounds[key]
	cost = ($4 - first[key]) / n
	packets = ($5 - first_packets[key]) / n
	if ($2 == "none") {
		none[part(), $1, $8] = cost
	} else if (packets > 0) {
		place($1, $2)
		point((cost - none[part(), $1, $8]) / packets)
	}
}

# The middle of all turns; compared with the first point turn by turn, as the
# host is not the same in each.
function collect(	i, j, k, s, n, list)
{
	for (i = 1; i <= n_series; i++) {
		s = series[i]
		for (j = 1; j <= n_points[s]; j++) {
			n = turns[s, x[s, j]]
			for (k = 1; k <= n; k++)
				list[k] = values[s, x[s, j], k]
			y[s, j] = median(list, n)
			for (k = 1; k <= n; k++)
				list[k] = values[s, x[s, j], k] / values[s, x[s, 1], k]
			ratio[s, j] = median(list, n)
			if (ratio[s, j] > most)
				most = ratio[s, j]
		}
	}
}

function table(	i, j, s)
{
	printf "%-16s %8s %14s %13s\n", "number of", "", "cost a packet", "of the first"
	for (i = 1; i <= n_series; i++) {
		s = series[i]
		for (j = 1; j <= n_points[s]; j++) {
			printf "%-16s %8d ", s, x[s, j]
			# The unit is the host's.
			if (s ~ /time/)
				printf "%14s", "-"
			else
				printf "%14.0f", y[s, j]
			printf " %13.3f\n", ratio[s, j]
		}
	}
}

function px(size)
{
	return 60 + 130 * log(size) / log(10)
}

function py(ratio)
{
	return 340 - 280 * ratio / top
}

function line(x1, y1, x2, y2, style)
{
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n",
		x1, y1, x2, y2, style >svg
}

function text(x, y, anchor, s)
{
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
		x, y, anchor, s >svg
}

# Sizes go by powers of ten, costs are parts of each series' first.
function plot(	i, j, s, colour, style)
{
	split("#1b6ca8 #c0392b #27804a #7d3c98 #b9770e #1b6ca8 #27804a", colour, " ")
	top = most < 1.45 ? 1.5 : int(most + 1)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"830\" height=\"400\" font-family=\"sans-serif\" font-size=\"13\">\n" >svg
	printf "<rect width=\"830\" height=\"400\" fill=\"white\"/>\n" >svg
	text(60, 28, "start", "What a recorded packet costs, as a part of what it costs at the smallest number")
	# 5 % more or less than the first.
	printf "<rect x=\"60\" y=\"%.1f\" width=\"600\" height=\"%.1f\" fill=\"#eef5ee\"/>\n", py(1.05), py(0.95) - py(1.05) >svg
	for (i = 0; i <= 6; i++) {
		line(60, py(top * i / 6), 660, py(top * i / 6), "stroke=\"#ddd\"")
		text(52, py(top * i / 6) + 4, "end", sprintf("%.2f", top * i / 6))
	}
	for (i = 0; i <= 4; i++) {
		line(px(10 ^ i), 60, px(10 ^ i), 340, "stroke=\"#eee\"")
		text(px(10 ^ i), 360, "middle", 10 ^ i)
	}
	text(360, 386, "middle", "number of them")
	for (i = 1; i <= n_series; i++) {
		s = series[i]
		style = "fill=\"none\" stroke-width=\"2\" stroke=\"" colour[i] "\"" \
			(s ~ /time/ ? " stroke-dasharray=\"5 4\"" : "")
		printf "<polyline %s points=\"", style >svg
		for (j = 1; j <= n_points[s]; j++)
			printf "%.1f,%.1f ", px(x[s, j]), py(ratio[s, j]) >svg
		printf "\"/>\n" >svg
		for (j = 1; j <= n_points[s]; j++)
			printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", px(x[s, j]), py(ratio[s, j]), colour[i] >svg
		line(680, 60 + 22 * i, 705, 60 + 22 * i, style)
		text(712, 64 + 22 * i, "start", s)
	}
	printf "</svg>\n" >svg
}

END {
	collect()
	if (!n_series)
		exit 1
	table()
	plot()
	if (lost)
		print lost " packets were lost: what they would have cost is missing"
	exit lost > 0
}
