#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Puts Hone into a kernel tree, or takes it out again.
. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<-END
	usage: apply.sh [--check|--reverse|--export FILE] [--last PATCH] [--quiet] TREE

	Copies Hone's new files into the kernel tree TREE and applies the patches
	for its version, without fuzz. Everything is tried on copies first: if one
	patch does not fit, the tree is left as it was. Doing it again brings the
	tree up to date; files that do not change keep their time.

	  --check       only say whether it would work
	  --reverse     take Hone out of the tree
	  --export FILE write all of Hone as one patch; the tree stays as it is
	  --last PATCH  apply the series up to this patch only
	  --quiet       say nothing if all is well
	END
}

check='' reverse='' export='' last='' quiet='' tree=''
while [ $# -gt 0 ]; do
	case $1 in
	--check)	check=1 ;;
	--reverse)	reverse=1 ;;
	--export)	shift; export=${1:?--export wants the name of a file} ;;
	--last)		shift; last=${1:?--last wants the name of a patch} ;;
	--quiet)	quiet=1 ;;
	-h|--help)	usage; exit 0 ;;
	-*)		usage >&2; die "no such option: $1" ;;
	*)		[ -z "$tree" ] || die "one tree at a time: $tree, $1"
			tree=$1 ;;
	esac
	shift
done
[ -n "$tree" ] || { usage >&2; die "which tree?"; }
[ -z "$reverse" ] || [ -z "$check$export" ] ||
	die "--reverse goes with neither --check nor --export"
need patch

[ -d "$tree" ] || die "$tree: no such directory"
tree=$(cd "$tree" && pwd)
field()
{
	sed -n "s/^$1 *= *//p" "$tree/Makefile" 2>/dev/null | head -n 1
}
[ -r "$tree/Makefile" ] || die "$tree: not a Linux kernel tree"
version=$(field VERSION).$(field PATCHLEVEL)
if [ ! -e "$tree/Kbuild" ] || [ ! -d "$tree/net/core" ] || [ "$version" = . ]; then
	die "$tree: not a Linux kernel tree"
fi
patches=$HONE_TOP/patches/$version
if [ ! -e "$patches/series" ]; then
	have=$(cd "$HONE_TOP/patches" && echo */series)
	die "$tree: this is Linux $version.$(field SUBLEVEL), Hone has patches for Linux ${have//\/series/}"
fi

series=$(sed 's/#.*//' "$patches/series" | awk 'NF { print $1 }')
if [ -n "$last" ]; then
	grep -qxF "$last" <<<"$series" || die "$last: not in $patches/series"
	series=$(sed "/^${last//./\\.}\$/q" <<<"$series")
fi

state=$tree/.hone
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/new"

touched()
{
	sed -n 's|^+++ b/\([^\t ]*\).*|\1|p' "$@" | sort -u
}

# The tree's own files that old or new patches touch, without old patches.
all=
[ -e "$state/series" ] &&
	all=$(sed "s|^|$state/|" "$state/series")
for p in $series; do
	[ -e "$patches/$p" ] || die "$patches/$p: in the series, but missing"
	all="$all $patches/$p"
done
# shellcheck disable=SC2086 # a list
for f in $(touched $all); do
	[ -e "$tree/$f" ] || die "$tree: $f is missing"
	mkdir -p "$tmp/new/$(dirname "$f")"
	cp "$tree/$f" "$tmp/new/$f"
done
if [ -e "$state/series" ]; then
	for p in $(tac "$state/series"); do
		patch -R -p1 --fuzz=0 -s -f -d "$tmp/new" <"$state/$p" >"$tmp/log" ||
			die "$tree: $p was applied, but files have changed since:
$(cat "$tmp/log")"
	done
fi

cp -r "$tmp/new" "$tmp/a"
if [ -z "$reverse" ]; then
	for p in $series; do
		patch -p1 --fuzz=0 -s -f -d "$tmp/new" <"$patches/$p" >"$tmp/log" 2>&1 ||
			die "$tree: $p does not apply to Linux $version.$(field SUBLEVEL) (nothing was changed):
$(cat "$tmp/log")"
	done
	# New files: those git knows, or all outside a checkout.
	cd "$HONE_TOP" || exit 1
	# shellcheck disable=SC2086 # a list
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -co --exclude-standard $HONE_OVERLAY
	else
		find $HONE_OVERLAY -type f ! -path '*/build/*'
	fi >"$tmp/overlay.all"
	while read -r f; do
		[ -e "$f" ] && echo "$f"
	done <"$tmp/overlay.all" | sort -u >"$tmp/overlay"
	while read -r f; do
		if [ -e "$tree/$f" ] && ! grep -qsxF "$f" "$state/overlay"; then
			die "$tree: $f exists already and is not Hone's"
		fi
	done <"$tmp/overlay"
else
	: >"$tmp/overlay"
fi

if [ -n "$check" ]; then
	[ -n "$quiet" ] || say "$tree: Linux $version: fits"
	exit 0
fi

if [ -n "$export" ]; then
	while read -r f; do
		install -D -m "$([ -x "$HONE_TOP/$f" ] && echo 755 || echo 644)" \
			"$HONE_TOP/$f" "$tmp/new/$f"
	done <"$tmp/overlay"
	mv "$tmp/new" "$tmp/b"
	find "$tmp/b" -name '*.orig' -delete
	status=0
	(cd "$tmp" && LC_ALL=C diff -aNurp a b) >"$tmp/patch" || status=$?
	[ "$status" -eq 1 ] || die "comparing the trees: diff: status $status"
	# The times of the files would differ each time.
	sed 's/^\(\(---\|+++\) [^\t]*\)\t.*/\1/; /^diff -aNurp /d' "$tmp/patch" \
		>"$export" || die "writing the patch: $export"
	[ -n "$quiet" ] || say "$export: all of Hone for Linux $version"
	exit 0
fi

changed=0
put()
{
	if ! cmp -s "$1" "$2"; then
		mkdir -p "$(dirname "$2")"
		cp "$1" "$2"
		changed=$((changed + 1))
	fi
}
while read -r f; do
	put "$tmp/new/$f" "$tree/$f"
done < <(cd "$tmp/new" && find . -type f ! -name '*.orig' | sed 's|^\./||')
while read -r f; do
	put "$HONE_TOP/$f" "$tree/$f"
	[ -x "$HONE_TOP/$f" ] && chmod +x "$tree/$f"
done <"$tmp/overlay"
if [ -e "$state/overlay" ]; then
	while read -r f; do
		rm -f "$tree/$f"
		rmdir -p --ignore-fail-on-non-empty "$tree/$(dirname "$f")" 2>/dev/null || true
		changed=$((changed + 1))
	done < <(sort "$state/overlay" | comm -23 - "$tmp/overlay")
fi

rm -rf "$state"
if [ -z "$reverse" ]; then
	mkdir "$state"
	for p in $series; do
		cp "$patches/$p" "$state/$p"
		echo "$p"
	done >"$state/series"
	cp "$tmp/overlay" "$state/overlay"
	what="has Hone"
else
	what="is without Hone"
fi
[ -n "$quiet" ] || say "$tree: Linux $version $what ($changed files changed)"
