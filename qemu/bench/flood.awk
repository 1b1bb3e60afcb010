# SPDX-License-Identifier: GPL-2.0-only
# The highest rate that each program recorded without loss, of "rate column sent
# packets lost". Where the senders could do no more it says that the program is
# no slower than they are.
{
	if (!($2 in seen)) {
		seen[$2] = 1
		columns[++n] = $2
	}
	if ($5)
		failed[$2] = 1
	else if (!failed[$2] && $3 > best[$2])
		best[$2] = $3
}
END {
	print "\nDatagrams a second recorded without loss, with buffers as they are"
	for (i = 1; i <= n; i++) {
		c = columns[i]
		printf "%-16s %10.0f", c, best[c]
		if (best["tcpdump-full"])
			printf "   %.2f of tcpdump\047s", best[c] / best["tcpdump-full"]
		printf "%s\n", failed[c] ? "" : "   lost none: the senders can do no more"
	}
	exit !n
}
