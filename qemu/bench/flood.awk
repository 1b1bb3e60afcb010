# SPDX-License-Identifier: GPL-2.0-only
# The highest rate that each program recorded without loss, of "rate column sent
# packets lost", and how many packets it recorded then, as parts of tcpdump's.
# Where the senders could do no more it says so: the program is no slower.
{
	if (!($2 in seen)) {
		seen[$2] = 1
		columns[++n] = $2
	}
	if ($5)
		failed[$2] = 1
	else if (!failed[$2] && $3 > best[$2]) {
		best[$2] = $3
		packets[$2] = $4
	}
}
END {
	print "\nDatagrams a second, " title ", recorded without loss"
	for (i = 1; i <= n; i++) {
		c = columns[i]
		printf "%-16s %10.0f", c, best[c]
		if (best["tcpdump-full"])
			printf "   %.2f of tcpdump\047s, %.2f in packets recorded",
				best[c] / best["tcpdump-full"],
				packets[c] / packets["tcpdump-full"]
		printf "%s\n", failed[c] ? "" : "   lost none: the senders can do no more"
	}
	exit !n
}
