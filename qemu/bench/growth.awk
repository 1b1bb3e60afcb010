# SPDX-License-Identifier: GPL-2.0-only
# What a recorded packet costs, by the size of a crowd: a table for people on
# standard output, and a plot:
#   awk -v svg=FILE -f growth.awk {counted,sessions,cpus-*,timed}/capture.txt

function part(	parts, n)
{
	n = split(FILENAME, parts, "/")
	return parts[n - 1]
}

# The name of the series that a measurement belongs to, and its size.
function place(from, op, column,	f)
{
	split(op, f, ":")
	name = f[1]
	size = f[2]
	if (from == "sessions") {
		name = "sessions"
		size = substr(column, length("hone-96x") + 1)
	}
	if (from == "timed")
		name = name " (time)"
}

function point(value,	n)
{
	# In less than no time: something else had the machine.
	if (value <= 0)
		disturbed = disturbed " " name ":" size
	if (!(name in n_points))
		series[++n_series] = name
	n = ++n_points[name]
	x[name, n] = size
	y[name, n] = value
	ratio[name, n] = value / y[name, 1]
	if (ratio[name, n] > most)
		most = ratio[name, n]
}

# "operation column rounds cost packets lost bytes turn", few rounds and many.
# Of several turns the least counts: what else the host does only adds.
{
	key = part() SUBSEP $1 SUBSEP $2
	lost += $6
	if (!(key in few)) {
		keys[++n_keys] = key
		few[key] = $3
	}
	if (!((key, $3) in least) || $4 < least[key, $3]) {
		least[key, $3] = $4
		got[key, $3] = $5
	}
	if ($3 != few[key])
		many[key] = $3
}

# What the rounds cost that are more, and without a capture, is no packet's.
function collect(	i, f, n, key, cost, packets)
{
	for (i = 1; i <= n_keys; i++) {
		key = keys[i]
		if (!(key in many))
			continue
		split(key, f, SUBSEP)
		n = many[key] - few[key]
		cost = (least[key, many[key]] - least[key, few[key]]) / n
		packets = (got[key, many[key]] - got[key, few[key]]) / n
		if (f[3] == "none") {
			none[f[1], f[2]] = cost
		} else if (packets > 0) {
			place(f[1], f[2], f[3])
			point((cost - none[f[1], f[2]]) / packets)
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
	if (disturbed)
		print "the machine was not quiet: a packet cost nothing or less at" disturbed
	exit lost > 0 || disturbed != ""
}
