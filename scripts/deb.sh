#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Makes Debian packages of the tools, in the build folder, and has lintian look
# at them if it is there.
. "$(dirname "$0")/lib.sh"
"$HONE_TOP/scripts/setup.sh" build deb

out=$HONE_CACHE/deb
rm -rf "$out"
mkdir -p "$out/hone/tools/hone"
cd "$HONE_TOP"
cp -r README LICENSE "$out/hone"
cp -r --parents include/uapi/linux Documentation/admin-guide \
	"$out/hone"
cp -r tools/hone/*.[ch18] tools/hone/Makefile \
	tools/hone/{man,completion,system,wireshark} "$out/hone/tools/hone"
cp -r tools/hone/debian "$out/hone"
build()
{
	cd "$out/hone" && dpkg-buildpackage -us -uc -b
}
progress "building packages" "$out/build.log" build
ls "$out"/*.deb
if command -v lintian >/dev/null; then
	lintian --allow-root --fail-on error "$out"/*.changes
else
	say "lintian is not installed: nothing has looked at the packages"
fi
