#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs what is missing of what the build, the guest, the tests and the
# gates need, from Debian's packages.  setup.sh [build|guest|test|bench|lint|deb]...
. "$(dirname "$0")/lib.sh"

# Group, something to look for, the package that has it, what for.
wanted="
build gcc gcc to compile
build make make to build
build /usr/include/stdio.h libc6-dev to compile the tools
build /usr/include/pcap/pcap.h libpcap-dev compiles the reader's filters
build /usr/include/libelf.h libelf-dev for the kernel's objtool
build bc bc for the kernel's build
build flex flex for the kernel's build
build bison bison for the kernel's build
build perl perl for the kernel's build
build xz xz-utils to unpack the kernel
build /usr/src/linux-source-$HONE_BASE.tar.xz linux-source-$HONE_BASE is the kernel
build patch patch to apply the series
build rsync rsync for the kernel's headers
build ccache ccache to build a second kernel sooner
guest qemu-system-x86_64 qemu-system-x86 to boot
guest cpio cpio to pack the guest's files
guest /var/lib/dpkg/info/busybox-static.list busybox-static is the guest's programs
guest /usr/sbin/dnsmasq dnsmasq-base is the demo's name server
guest ip iproute2 for the demo's namespaces
guest iptables-legacy iptables is the guest's firewall
guest setcap libcap2-bin gives the guest's broker its capabilities
guest nc.openbsd netcat-openbsd for the demo's UDP
bench tcpdump tcpdump to compare with
bench dumpcap wireshark-common to compare with
test tshark tshark to judge captures
test tcpdump tcpdump to judge captures
test /usr/lib/python3/dist-packages/scapy python3-scapy to judge captures
test valgrind valgrind watches the reader and counts what it does
test mandoc mandoc to check man pages
test clang-14 clang-14 compiles the fuzzers
test /usr/share/doc/libclang-rt-14-dev libclang-rt-14-dev is the fuzzers' engine
deb dh debhelper builds packages
deb dpkg-buildpackage dpkg-dev builds packages
lint sparse sparse to check the kernel's types
lint shellcheck shellcheck to check scripts
lint man man-db to check man pages
"

[ $# -gt 0 ] || set -- build guest test bench lint
for group; do
	case $group in
	build|guest|test|bench|lint|deb) ;;
	*)	die "no such group: $group (build, guest, test, bench, lint, deb)" ;;
	esac
done

PATH=$PATH:/usr/sbin:/sbin
missing='' reasons=''
while read -r group thing package why; do
	case " $* " in *" $group "*) ;; *) continue ;; esac
	case $thing in
	/*)	[ ! -e "$thing" ] || continue ;;
	'')	continue ;;
	*)	! command -v "$thing" >/dev/null || continue ;;
	esac
	missing="$missing $package"
	reasons="$reasons
  $package $why"
done <<<"$wanted"
[ -n "$missing" ] || exit 0

say "not installed:$reasons"
command -v apt-get >/dev/null ||
	die "this machine has no apt-get to install that with"
[ "$(id -u)" -eq 0 ] ||
	die "run as root, or install it: apt-get install$missing"

lock setup
export DEBIAN_FRONTEND=noninteractive
install()
{
	apt-get update -q
	for package in $missing; do
		[ -n "$(apt-cache madison "$package")" ] && continue
		echo "no source in /etc/apt has $package" \
			"(Debian 12 has linux-source-6.12 in bookworm-security)"
		return 1
	done
	# shellcheck disable=SC2086 # a list
	apt-get install -q -y --no-install-recommends $missing
}
progress "installing $(wc -w <<<"$missing") packages" \
	"$HONE_CACHE/setup.log" install
