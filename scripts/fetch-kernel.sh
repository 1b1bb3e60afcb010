#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Unpacks Debian's kernel source and puts Hone into it.  The tree's path is
# printed; nothing is done that is done already.
#   HONE_LAST=PATCH: only as far into the series as this patch.
. "$(dirname "$0")/lib.sh"

tarball=/usr/src/linux-source-$HONE_BASE.tar.xz
[ -e "$tarball" ] ||
	die "$tarball is missing; scripts/setup.sh installs it (Debian package linux-source-$HONE_BASE)"
lock "linux-$HONE_BASE"

unpack()
{
	rm -rf "$HONE_TREE" "$HONE_TREE.new"
	mkdir "$HONE_TREE.new"
	tar -xf "$tarball" -C "$HONE_TREE.new" --strip-components=1 --no-same-owner
	cksum <"$tarball" >"$HONE_TREE.new/.hone-tarball"
	mv "$HONE_TREE.new" "$HONE_TREE"
}

# A newer package is a newer tree; its size and date tell it fast enough.
stamp="$(stat -c '%s %Y' "$tarball")"
if [ "$(cat "$HONE_CACHE/$HONE_BASE.stamp" 2>/dev/null)" != "$stamp" ] ||
   [ ! -e "$HONE_TREE/.hone-tarball" ]; then
	progress "unpacking linux-source-$HONE_BASE" \
		"$HONE_CACHE/unpack.log" unpack
	echo "$stamp" >"$HONE_CACHE/$HONE_BASE.stamp"
fi
"$HONE_TOP/scripts/apply.sh" --quiet ${HONE_LAST:+--last "$HONE_LAST"} \
	"$HONE_TREE"
echo "$HONE_TREE"
