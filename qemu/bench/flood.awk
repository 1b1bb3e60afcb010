# SPDX-License-Identifier: GPL-2.0-only
# The highest rate that each program recorded without loss: of "rate column
# sent packets lost", the mean of the highest of each series.
{
	if (!($2 in seen)) {
		seen[$2] = 1
		columns[++n] = $2
	}
	if ($1 < last[$2]) {
		sum[$2] += best[$2]
		series[$2]++
		best[$2] = 0
		failed[$2] = 0
	}
	last[$2] = $1
	if ($5)
		failed[$2] = 1
	else if (!failed[$2])
		best[$2] = $3 / 4
}
END {
	for (i = 1; i <= n; i++) {
		c = columns[i]
		rate[c] = (sum[c] + best[c]) / (series[c] + 1)
	}
	print "\nDatagrams a second recorded without loss, with buffers as they are"
	for (i = 1; i <= n; i++) {
		c = columns[i]
		printf "%-16s %10.0f", c, rate[c]
		if (rate["tcpdump-full"])
			printf "   %.2f of tcpdump\047s", rate[c] / rate["tcpdump-full"]
		printf "\n"
	}
	exit !n
}
