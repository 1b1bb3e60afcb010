#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds the guest's root file system and prints its path: static busybox,
# Hone's tools, the tests and the programs of the demo.
#   mkinitramfs.sh [NAME PROGRAM...]	another one, that has these as well
. "$(dirname "$0")/../scripts/lib.sh"
need cpio
need /bin/busybox busybox-static

name=${1:+-$1}
root=$HONE_CACHE/root$name
image=$HONE_CACHE/initramfs$name.cpio
tree=$("$HONE_TOP/scripts/fetch-kernel.sh")
log=$HONE_CACHE/tools.log

tools()
{
	make -C "$HONE_TOP/tools/hone" O="$HONE_CACHE/tools" &&
	make -C "$HONE_TOP/qemu/bench" O="$HONE_CACHE/bench" &&
	make -C "$tree/tools/testing/selftests/hone" \
		OUTPUT="$HONE_CACHE/selftests" top_srcdir="$tree" all
}
mkdir -p "$HONE_CACHE/tools" "$HONE_CACHE/bench" "$HONE_CACHE/selftests"
tools >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	die "building the tools failed; the whole log is $log"
}

# A program with the libraries it is linked to.
with_libs()
{
	local lib

	install -D "$1" "$root$2"
	for lib in $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
		[ -e "$root$lib" ] || install -D "$lib" "$root$lib"
	done
}

rm -rf "$root"
mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,etc,proc,sys,dev,tmp,out,run,root,var,lib/hone}
install /bin/busybox "$root/bin/busybox"
for applet in $(/bin/busybox --list); do
	[ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
for prog in dnsmasq ip iptables-legacy nc.openbsd setcap "${@:2}"; do
	path=$(PATH=$PATH:/usr/sbin:/sbin command -v "$prog") &&
		with_libs "$path" "/usr/sbin/$prog"
done
# What a rule's target is made of; iptables looks for it where it was built.
for path in /usr/lib/*/xtables/libxt_{standard,NFQUEUE}.so; do
	[ ! -e "$path" ] || with_libs "$path" "$path"
done
with_libs "$HONE_CACHE/tools/hone-relayread" /usr/bin/hone-relayread
with_libs "$HONE_CACHE/tools/honedump" /usr/bin/honedump
with_libs "$HONE_CACHE/tools/hone-broker" /usr/local/libexec/hone-broker
install "$HONE_CACHE"/bench/hone-* "$root/usr/bin/"
cp -r "$HONE_CACHE/selftests" "$root/lib/hone/tests"
install "$HONE_TOP"/tools/testing/selftests/hone/{*.sh,tests.list} \
	"$root/lib/hone/tests/"
install -m 644 "$tree/tools/testing/selftests/kselftest/ktap_helpers.sh" \
	"$root/lib/hone/tests/"
install "$HONE_TOP"/qemu/guest/* "$root/lib/hone/"
ln -s ../run "$root/var/run"
ln -s lib/hone/init "$root/init"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' \
	>"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"

(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) \
	>"$image.new"
cmp -s "$image.new" "$image" || mv "$image.new" "$image"
rm -f "$image.new"
echo "$image"
