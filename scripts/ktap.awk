# SPDX-License-Identifier: GPL-2.0-only
# Sums up files of TAP or nested KTAP: prints each failure with what the test
# said last, then a last line "PASSED FAILED SKIPPED". A plan that does not come
# true is a failure, so is a file with text but no result. Results that sum up
# their subtests are not counted.

function fail(what)
{
	failed++
	print "not ok " file ": " what
}

# What was said since the last result, the last lines of it.
function tell(    i)
{
	for (i = said > 12 ? said - 12 : 0; i < said; i++)
		print "    " says[i]
}

# Results at depth @d are complete: were there as many as the plan said?
function check_plan(d)
{
	if ((d in plan) && plan[d] != got[d])
		fail("planned " plan[d] " tests, saw " got[d] + 0)
	delete plan[d]
	delete got[d]
}

function finish(    d, before)
{
	if (file == "")
		return
	before = failed
	for (d in plan)
		check_plan(d)
	for (d in got)
		delete got[d]
	if (!results)
		fail("no result")
	if (failed > before)
		tell()
}

FNR == 1 {
	finish()
	file = FILENAME
	sub(/.*\//, "", file)
	results = deep = 0
	bad = 0
	said = 0
}

{
	match($0, /^ */)
	depth = RLENGTH
	line = substr($0, depth + 1)
}

line ~ /^1\.\.[0-9]+/ {
	plan[depth] = substr(line, 4) + 0
	got[depth] += 0
	next
}

line ~ /^(not )?ok( |$)/ {
	results++
	got[depth]++
	parent = deep > depth
	if (parent)
		for (d in got)
			if (d + 0 > depth)
				check_plan(d + 0)
	deep = depth
	if (line ~ /^not ok/) {
		# A parent that fails for its own sake counts.
		if (!parent || bad == failed) {
			name = line
			sub(/^not ok *[0-9]* *-? */, "", name)
			fail(name)
			tell()
		}
	} else if (!parent) {
		if (line ~ /# *[Ss][Kk][Ii][Pp]/)
			skipped++
		else
			passed++
	}
	if (depth == 0)
		bad = failed
	said = 0
	next
}

line != "" { says[said++] = line }

line ~ /^Bail out!/ {
	fail(line)
	tell()
}

END {
	finish()
	print passed + 0, failed + 0, skipped + 0
}
