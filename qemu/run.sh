#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Boots a kernel, has the guest do one thing, and ends as that ended.
. "$(dirname "$0")/../scripts/lib.sh"

usage()
{
	cat <<-END
	usage: run.sh [option]... VERB [ARG]...

	VERB is what the guest does (qemu/guest/init): demo, tests, shell, run.

	  --kernel FILE    vmlinux to boot (default: qemu/kernel.sh y builds it)
	  --initrd FILE    root file system (default: qemu/mkinitramfs.sh)
	  --cpus N         virtual CPUs (default 2, with --icount 1)
	  --mem MB         memory (default 1024)
	  --out DIR        the guest's /out (default: under the build folder)
	  --timeout SEC    after which a guest that hangs is ended (default 300)
	  --icount         one nanosecond an instruction, of all CPUs together
	  --resident       the guest's memory is the host's from the beginning
	  --append TEXT    more words for the kernel's command line
	END
}

kernel='' initrd='' cpus='' mem=1024 out='' timeout=300 icount='' append=''
resident=''
while [ $# -gt 0 ]; do
	case $1 in
	--kernel)	kernel=$2; shift ;;
	--initrd)	initrd=$2; shift ;;
	--cpus)		cpus=$2; shift ;;
	--mem)		mem=$2; shift ;;
	--out)		out=$2; shift ;;
	--timeout)	timeout=$2; shift ;;
	--append)	append=$2; shift ;;
	--icount)	icount=1 ;;
	--resident)	resident=-mem-prealloc ;;
	-h|--help)	usage; exit 0 ;;
	-*)		usage >&2; die "no such option: $1" ;;
	*)		break ;;
	esac
	shift
done
[ $# -gt 0 ] || { usage >&2; die "what shall the guest do?"; }
[ -n "$cpus" ] || cpus=$((icount ? 1 : 2))
need qemu-system-x86_64 qemu-system-x86
[ -n "$kernel" ] || kernel=$("$HONE_TOP/qemu/kernel.sh" y)
[ -n "$initrd" ] || initrd=$("$HONE_TOP/qemu/mkinitramfs.sh")
[ -n "$out" ] || out=$HONE_CACHE/out/$1
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out/verdict" "$out/console.log"
echo "$@" >"$out/verb"

guest()
{
	local accel=$1 limit=$2 console=$3
	shift 3
	# shellcheck disable=SC2086 # none or one word
	timeout --foreground -k 5 "$limit" qemu-system-x86_64 $resident \
		-M q35 -nodefaults -no-user-config -no-reboot -display none \
		-accel "$accel" -smp "$cpus" -m "$mem" -nic none \
		-kernel "$kernel" -initrd "$initrd" \
		-virtfs "local,path=${out//,/,,},mount_tag=out,security_model=none" \
		-device isa-debug-exit,iobase=1281,iosize=1 \
		-serial "$console" "$@"
}
# Lockdep and kmemleak complain at level 4, and no panic follows.
# The emulated TSC is one clock for all CPUs; the kernel doubts it.
# A host that stands still for long is no fault of the guest's.
cmdline="console=ttyS0 reboot=t panic=-1 tsc=reliable quiet loglevel=5 panic_on_warn=1 rcupdate.rcu_cpu_stall_timeout=120 $append"

# Some machines have a /dev/kvm that cannot run this: try it, once a boot of
# the machine, with a guest that has to get as far as its first process.
kvm_works()
{
	local note verdict

	[ -w /dev/kvm ] && grep -qw 'vmx\|svm' /proc/cpuinfo || return 1
	note=$HONE_CACHE/kvm.$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -e "$note" ]; then
		echo "run true" >"$out/verb"
		guest kvm 10 null -cpu host -append "$cmdline" \
			>/dev/null 2>&1 </dev/null || true
		verdict=$(cat "$out/verdict" 2>/dev/null || true)
		rm -f "$out/verdict"
		[ "$verdict" = 0 ] && echo yes >"$note" || echo no >"$note"
		echo "$@" >"$out/verb"
	fi
	[ "$(cat "$note")" = yes ]
}

if [ -n "$icount" ]; then
	# The same random numbers and the same day each time.
	set -- -icount shift=0,sleep=off -cpu max -seed 1 \
		-rtc base=2024-01-01,clock=vm
	accel=tcg,thread=single
elif kvm_works "$@"; then
	set -- -cpu host
	accel=kvm
else
	set -- -cpu max
	accel=tcg,thread=multi
	# Before 8.1 a CPU may run code as it was before another one patched
	# it; hooks are switched by patching, and the guest dies of an int3.
	qemu=$(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
	read -r major minor <<<"$qemu"
	if [ "$cpus" -gt 1 ] && [ $((major * 100 + minor)) -lt 801 ]; then
		accel=tcg,thread=single
	fi
	[ -n "${HONE_ACCEL_TOLD:-}" ] ||
		say "KVM does not work here: the guest is emulated, which is slower"
fi
export HONE_ACCEL_TOLD=1

status=0
if [ "$(cut -d' ' -f1 "$out/verb")" = shell ]; then
	guest "$accel" 1d mon:stdio "$@" -append "$cmdline"
	exit 0
fi
guest "$accel" "$timeout" "file:$out/console.log" "$@" -append "$cmdline" \
	</dev/null || status=$?
if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
	tail -n 20 "$out/console.log" >&2
	die "the guest hung: ended after $timeout s; its console is $out/console.log"
fi
if grep -nE 'WARNING:|BUG:|INFO: |Oops|KASAN|Kernel panic|Call Trace|possible .*(locking|deadlock)|inconsistent lock|suspicious RCU|unreferenced object|Invalid wait context|still held' \
	"$out/console.log" >"$out/trouble"; then
	head -n 40 "$out/trouble" >&2
	die "the kernel complained; its console is $out/console.log"
fi
if [ ! -e "$out/verdict" ]; then
	tail -n 20 "$out/console.log" >&2
	die "the guest ended without a verdict (QEMU: $status); its console is $out/console.log"
fi
exit "$(cat "$out/verdict")"
