#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs what is missing of what the build, the guest, the tests and the
# gates need, from Debian's packages.  setup.sh [build|guest|test|lint]...
. "$(dirname "$0")/lib.sh"

# What for, then pairs of something to look for and the package that has it.
wants()
{
	case $1 in
	build)	echo "gcc:gcc make:make bc:bc flex:flex bison:bison perl:perl
		xz:xz-utils patch:patch quilt:quilt diffstat:diffstat
		/usr/src/linux-source-$HONE_BASE.tar.xz:linux-source-$HONE_BASE
		/usr/include/stdio.h:libc6-dev /usr/include/libelf.h:libelf-dev ccache:ccache" ;;
	guest)	echo "qemu-system-x86_64:qemu-system-x86 cpio:cpio
		/bin/busybox:busybox-static
		/usr/sbin/dnsmasq:dnsmasq-base ip:iproute2
		nc.openbsd:netcat-openbsd" ;;
	test)	echo "tshark:tshark tcpdump:tcpdump rsync:rsync
		/usr/include/asm/types.h:linux-libc-dev" ;;
	lint)	echo "sparse:sparse shellcheck:shellcheck man:man-db
		/usr/lib/python3/dist-packages/ply/lex.py:python3-ply
		git:git" ;;
	*)	die "no such group: $1 (build, guest, test, lint)" ;;
	esac
}

[ $# -gt 0 ] || set -- build guest test lint

missing=
for group; do
	for pair in $(wants "$group"); do
		thing=${pair%%:*}
		case $thing in
		/*)	[ -e "$thing" ] && continue ;;
		*)	command -v "$thing" >/dev/null && continue ;;
		esac
		missing="$missing ${pair#*:}"
	done
done
# busybox of the package busybox is not static.
if [[ " $* " == *" guest "* ]] && [ -e /bin/busybox ] &&
   ! grep -qs busybox-static /var/lib/dpkg/info/busybox-static.list &&
   ! [ -e /var/lib/dpkg/info/busybox-static.list ]; then
	missing="$missing busybox-static"
fi
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null ||
	die "missing:$missing; this machine has no apt-get to install them with"
[ "$(id -u)" -eq 0 ] ||
	die "missing:$missing; run as root, or install them: apt-get install$missing"

mkdir -p "$HONE_CACHE"
export DEBIAN_FRONTEND=noninteractive
install()
{
	apt-get update -q
	# shellcheck disable=SC2086 # a list
	apt-get install -q -y --no-install-recommends $missing
}
progress "installing$missing" "$HONE_CACHE/setup.log" install
