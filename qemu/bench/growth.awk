# SPDX-License-Identifier: GPL-2.0-only
# What a recorded packet costs, by the size of a crowd: a table for people on
# standard output, and a plot:
#   awk -v svg=FILE -f growth.awk {counted,sessions,timed}/capture.txt

function part(	parts, n)
{
	n = split(FILENAME, parts, "/")
	return parts[n - 1]
}

# "operation column rounds instructions packets lost bytes", N and twice N
{
	key = part() SUBSEP $1 SUBSEP $2
	if (!(key in first)) {
		first[key] = $4
		first_packets[key] = $5
		rounds[key] = $3
		if ($2 != "none")
			keys[++n_keys] = key
		next
	}
	n = $3 - rounds[key]
	cost[key] = ($4 - first[key]) / n
	packets[key] = ($5 - first_packets[key]) / n
	lost += $6
}

# All points of a series, each with its size and cost a packet.
function collect(	i, f, name, size, none)
{
	for (i = 1; i <= n_keys; i++) {
		split(keys[i], f, SUBSEP)
		name = f[2]
		size = f[2]
		sub(/:.*/, "", name)
		sub(/.*:/, "", size)
		if (f[1] == "sessions") {
			name = "sessions"
			size = substr(f[3], length("hone-96x") + 1)
		}
		if (f[1] == "timed")
			name = name ", time"
		if (!packets[keys[i]])
			continue
		if (!(name in n_points))
			series[++n_series] = name
		none = f[1] SUBSEP f[2] SUBSEP "none"
		n_points[name]++
		x[name, n_points[name]] = size
		y[name, n_points[name]] = (cost[keys[i]] - cost[none]) / packets[keys[i]]
	}
}

function table(	i, j, s)
{
	printf "%-16s %8s %14s %12s\n", "number of", "", "cost a packet", "of the first"
	for (i = 1; i <= n_series; i++) {
		s = series[i]
		for (j = 1; j <= n_points[s]; j++)
			printf "%-16s %8d %14.1f %12.3f\n", s, x[s, j], y[s, j],
				y[s, j] / y[s, 1]
	}
}

function px(size)
{
	return 70 + 130 * log(size) / log(10)
}

function py(ratio)
{
	return 330 - 200 * ratio
}

# Sizes go by powers of ten, costs are parts of each series' first.
function plot(	i, j, s, colour)
{
	split("#1b6ca8 #c0392b #27804a #7d3c98 #b9770e #555555", colour, " ")
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"820\" height=\"380\" font-family=\"sans-serif\" font-size=\"13\">\n" >svg
	printf "<rect width=\"820\" height=\"380\" fill=\"white\"/>\n" >svg
	printf "<text x=\"70\" y=\"24\" font-size=\"15\">What a recorded packet costs, as a part of what it costs at the smallest number</text>\n" >svg
	for (i = 0; i <= 6; i++) {
		printf "<line x1=\"70\" x2=\"660\" y1=\"%.0f\" y2=\"%.0f\" stroke=\"#ddd\"/>\n", py(i / 4), py(i / 4) >svg
		printf "<text x=\"62\" y=\"%.0f\" text-anchor=\"end\">%.2f</text>\n", py(i / 4) + 4, i / 4 >svg
	}
	for (i = 0; i <= 4; i++) {
		printf "<line x1=\"%.0f\" x2=\"%.0f\" y1=\"30\" y2=\"330\" stroke=\"#eee\"/>\n", px(10 ^ i), px(10 ^ i) >svg
		printf "<text x=\"%.0f\" y=\"350\" text-anchor=\"middle\">%d</text>\n", px(10 ^ i), 10 ^ i >svg
	}
	printf "<text x=\"365\" y=\"372\" text-anchor=\"middle\">number of sockets, processes, network namespaces or sessions</text>\n" >svg
	for (i = 1; i <= n_series; i++) {
		s = series[i]
		printf "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"", colour[i], (s ~ /time/ ? " stroke-dasharray=\"5 4\"" : "") >svg
		for (j = 1; j <= n_points[s]; j++)
			printf "%.1f,%.1f ", px(x[s, j]), py(y[s, j] / y[s, 1]) >svg
		printf "\"/>\n" >svg
		for (j = 1; j <= n_points[s]; j++)
			printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", px(x[s, j]), py(y[s, j] / y[s, 1]), colour[i] >svg
		printf "<line x1=\"680\" x2=\"705\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", 50 + 22 * i, 50 + 22 * i, colour[i], (s ~ /time/ ? " stroke-dasharray=\"5 4\"" : "") >svg
		printf "<text x=\"712\" y=\"%d\">%s</text>\n", 54 + 22 * i, s >svg
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
}
