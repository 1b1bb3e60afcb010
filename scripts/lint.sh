#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The gates that need no guest, on what changed since they were last passed:
# white space, shellcheck, checkpatch, kernel-doc, W=1 and sparse, man pages.
# Prints TAP.  lint.sh [--all]
. "$(dirname "$0")/lib.sh"

case ${1:-} in
'')	;;
--all)	rm -rf "$HONE_CACHE/lint" ;;
*)	die "no such option: $1" ;;
esac
"$HONE_TOP/scripts/setup.sh" build lint
tree=$("$HONE_TOP/scripts/fetch-kernel.sh")
passed=$HONE_CACHE/lint
mkdir -p "$passed"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$HONE_TOP"

if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
	git ls-files -co --exclude-standard
else
	find . -type f ! -path './.git/*' | sed 's|^\./||'
fi | sort -u | while read -r f; do
	if [ -f "$f" ]; then echo "$f"; fi
done >"$tmp/all"

# Lists files by extended regular expression; a second one leaves some out.
files()
{
	grep -E "$1" "$tmp/all" | { if [ $# -gt 1 ]; then grep -vE "$2"; else cat; fi; } || true
}

text_files()
{
	# Binary files have no line that grep -I sees.
	xargs -d '\n' grep -lI '' <"$tmp/all" || true
}

shell_files()
{
	text_files | while read -r f; do
		case $f in
		*.sh)	echo "$f" ;;
		*)	if head -n 1 "$f" | grep -qE '^#!.*[ /](ba|da)?sh( |$)'; then
				echo "$f"
			fi ;;
		esac
	done
}

count=0 bad=0

# gate NAME COMMAND: the command is given the files on stdin that changed since
# they last passed; all it prints is a complaint about a file it names.
gate()
{
	local name=$1 sum f start=$SECONDS status=0

	shift
	while read -r f; do
		sum=$({ echo "$name"; cat "$f"; } | sha256sum | cut -d' ' -f1)
		[ -e "$passed/$sum" ] || echo "$sum $f"
	done >"$tmp/sums"
	cut -d' ' -f2- "$tmp/sums" >"$tmp/files"
	count=$((count + 1))
	if [ -s "$tmp/files" ]; then
		"$@" <"$tmp/files" >"$tmp/said" 2>&1 || status=$?
	else
		: >"$tmp/said"
	fi
	while read -r sum f; do
		if [ ! -s "$tmp/said" ] && [ "$status" -eq 0 ] ||
		   [ -s "$tmp/said" ] && ! grep -qF "$f" "$tmp/said"; then
			: >"$passed/$sum"
		fi
	done <"$tmp/sums"
	if [ "$status" -eq 0 ] && [ ! -s "$tmp/said" ]; then
		echo "ok $count $name ($(wc -l <"$tmp/files") files, $((SECONDS - start)) s)"
	else
		bad=$((bad + 1))
		echo "not ok $count $name"
		sed 's/^/# /' "$tmp/said" | head -n 60
	fi
}

white_space()
{
	local f

	while read -r f; do
		case $f in
		LICENSE|*.patch|*/golden/*) ;;
		*/corpus/*)	continue ;;
		*)	grep -nHE '[[:blank:]]+$|^ +	' "$f" |
				sed 's/$/ <- white space/' ;;
		esac
		grep -nH $'\r' "$f" | sed 's/$/ <- carriage return/'
		if [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ]; then
			echo "$f: no newline at the end"
		fi
	done
}

shell_check()
{
	xargs -d '\n' shellcheck
}

# Without a git tree checkpatch takes the licence's name as it stands.
checkpatch()
{
	local list kind status=0

	for kind in --file --patch; do
		list=$tmp/checkpatch$kind
		if [ $kind = --patch ]; then
			grep '\.patch$' "$tmp/files"
		else
			grep -v '\.patch$' "$tmp/files"
		fi >"$list" || continue
		GIT_DIR=/nonexistent xargs -d '\n' -n 8 -P "$(jobs)" \
			"$tree/scripts/checkpatch.pl" --root="$tree" --strict \
			--terse --no-summary --show-types $kind <"$list" ||
			status=1
	done
	return $status
}

kernel_doc()
{
	xargs -d '\n' "$tree/scripts/kernel-doc" -none -Werror
}

# Objects of their own: other flags than the kernel's would build it anew.
compile()
{
	"$HONE_TOP/qemu/kernel.sh" lint W=1 C=2 CHECK=sparse \
		kernel/hone/ net/hone/ >"$HONE_CACHE/lint.log" 2>&1 || {
		tail -n 30 "$HONE_CACHE/lint.log"
		return 1
	}
	grep -A6 -E 'warning:|error:' "$HONE_CACHE/lint.log" || true
}

# All files of the feature count as one: a header changes what includes it.
compile_input()
{
	files '^(kernel|net)/hone/|^include/|^Kconfig.hone$' |
		xargs -d '\n' cat >"$tmp/source"
	cat "$HONE_TOP"/patches/"$HONE_BASE"/*.patch >>"$tmp/source"
	echo "$tmp/source"
}

man_page()
{
	local f

	while read -r f; do
		LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 \
			man --warnings -E UTF-8 -l -Tutf8 -Z "$f" >/dev/null
	done
}

# hone-records(5) is made of the header, which has to explain everything.
record_page()
{
	perl tools/hone/man/records.pl include/uapi/linux/hone.h \
		tools/hone/man/hone-records.5.in >"$tmp/hone-records.5" &&
		man_page <<<"$tmp/hone-records.5"
}

gate 'white space' white_space < <(text_files)
gate 'shellcheck' shell_check < <(shell_files)
gate 'checkpatch --strict' checkpatch \
	< <(files '\.[ch]$|\.patch$' '^include/trace/events/')
gate 'kernel-doc' kernel_doc < <(files '^(kernel|net|include)/.*\.[ch]$')
gate 'man pages' man_page < <(files '\.[1-8]$')
gate 'hone-records(5)' record_page \
	< <(files '^include/uapi/linux/hone.h$|^tools/hone/man/(records.pl|.*\.in)$')
gate 'W=1 and sparse' compile < <(compile_input)
echo "1..$count"
echo "$((count - bad)) passed, $bad failed"
[ "$bad" -eq 0 ]
