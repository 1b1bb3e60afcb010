# SPDX-License-Identifier: GPL-2.0-only
# The middle one of list[1] to list[n], which is in order after that.
function median(list, n,	i, j, t)
{
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
			t = list[j]
			list[j] = list[j - 1]
			list[j - 1] = t
		}
	return (list[int((n + 1) / 2)] + list[int(n / 2) + 1]) / 2
}
