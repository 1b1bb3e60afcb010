#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Builds a kernel for the guest and prints the path of its vmlinux.
#   kernel.sh y|n|debug|locked|lint [make target]...
. "$(dirname "$0")/../scripts/lib.sh"

variant=${1:?which kernel? y, n, debug, locked or lint}
shift
config=$HONE_TOP/qemu/config
[ -e "$config/$variant.config" ] ||
	die "$variant: no such kernel (y, n, debug, locked, lint)"
tree=$("$HONE_TOP/scripts/fetch-kernel.sh")
out=$HONE_CACHE/build-$HONE_BASE-$variant
mkdir -p "$out"
lock "build-$HONE_BASE-$variant"

make=(make -C "$tree" O="$out" -j"$(jobs)")
# ccache saves most of the work of a second kernel; without it all is the same.
if command -v ccache >/dev/null; then
	make+=(CC="ccache gcc" HOSTCC="ccache gcc")
	export CCACHE_DIR="${CCACHE_DIR:-$HONE_CACHE/ccache}"
	export CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-2G}"
	export CCACHE_BASEDIR="$HONE_CACHE" CCACHE_NOHASHDIR=1
	# The compiler's own list of headers: saves running cpp once more.
	export CCACHE_DEPEND=1
fi
export KBUILD_BUILD_TIMESTAMP="Thu Jan  1 00:00:00 UTC 1970"
export KBUILD_BUILD_USER=hone KBUILD_BUILD_HOST=hone

configure()
{
	local fragments=("$config/base.config" "$config/off.config"
			 "$config/$variant.config")
	local f line bad=''

	(cd "$tree" && KCONFIG_CONFIG=$out/.config \
		scripts/kconfig/merge_config.sh -n -O "$out" "${fragments[@]}")
	for f in "${fragments[@]}"; do
		while read -r line; do
			case $line in
			CONFIG_*=y|CONFIG_*=[0-9]*)
				grep -qxF "$line" "$out/.config" ||
					bad="$bad $line" ;;
			'# CONFIG_'*' is not set')
				line=${line#\# }
				line=${line% is not set}
				! grep -q "^$line=" "$out/.config" ||
					bad="$bad $line" ;;
			esac
		done < <(tac "$f")
	done
	# What a later fragment says counts.
	for line in $bad; do
		grep -qs "^${line%%=*}\(=\| \)\|^# ${line%%=*} is" \
			"$config/$variant.config" &&
			! grep -qxF "$line" "$config/$variant.config" && continue
		echo "the configuration has not come true: $line" >&2
		return 1
	done
}

# Kconfig files and fragments decide whether it must be done again.
stamp=$(cat "$config"/{base,off,"$variant"}.config "$tree/Kconfig.hone" | cksum)
if [ ! -e "$out/.config" ] ||
   [ "$(cat "$out/.hone-config" 2>/dev/null)" != "$stamp" ]; then
	progress "configuring kernel '$variant'" "$out/config.log" configure
	echo "$stamp" >"$out/.hone-config"
fi

# make itself takes long to see that there is nothing to do.
now=$(cd "$tree" && { cat .hone/series .hone-tarball; cat .hone/*.patch
	grep -vE '^(tools|Documentation)/' .hone/overlay | xargs -r cat; } | cksum)
if [ $# -eq 0 ] && [ -e "$out/vmlinux" ] &&
   [ "$(cat "$out/.hone-built" 2>/dev/null)" = "$now$stamp" ]; then
	echo "$out/vmlinux"
	exit 0
fi
if [ $# -gt 0 ]; then
	"${make[@]}" "$@"
	exit
fi
rm -f "$out/.hone-built"
progress "building kernel '$variant' on $(jobs) CPUs" "$out/build.log" \
	"${make[@]}" vmlinux
echo "$now$stamp" >"$out/.hone-built"
echo "$out/vmlinux"
