#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the tests and sums them up: KUnit and selftests in the guest, with one
# CPU and with four; on the host the reader's tests and a verified demo.
#   check.sh [y|debug|locked]
# With debug: in the kernel that watches itself, and only what is in the guest.
# With locked: what is left of it in one that is locked down.
. "$(dirname "$0")/../scripts/lib.sh"

variant=${1:-y}
case $variant in
y)	mem=1536 limit=1800 ;;
debug)	mem=2048 limit=3600 ;;
locked)	mem=1024 limit=300 ;;
*)	die "$variant: which kernel? y, debug or locked" ;;
esac
out=$HONE_CACHE/out/check-$variant
rm -rf "$out"
mkdir -p "$out"

"$HONE_TOP/scripts/setup.sh" build guest test
kernel=$("$HONE_TOP/qemu/kernel.sh" "$variant")
initrd=$("$HONE_TOP/qemu/mkinitramfs.sh")

# What went wrong where no test could say so itself.
failed()
{
	printf '1..1\nnot ok 1 %s\n' "$2" >"$out/$1.ktap"
}

# The words for a capture from boot: one to be taken over, one that is refused,
# one that is only ended.
boot_words()
{
	case $variant-$1 in
	y-4)		echo "hone.boot=on hone.boot_filter=bogus" ;;
	debug-1)	echo "hone.boot=on" ;;
	*)		echo 'hone.boot=maybe hone.boot=on hone.boot_filter="direction both;datagrams all"' ;;
	esac
}

# One for each parameter, which is refused.
wrong_words='hone.comment=a\x07b hone.snaplen=many hone.subbuf_size=33 hone.subbufs=-4 hone.host_id=xyz'

in_guest()
{
	local cpus=$1 dir=$out/cpus-$1 status=0 f name start=$SECONDS

	mkdir -p "$dir"
	"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
		--cpus "$cpus" --mem "$mem" --timeout "$limit" --out "$dir" \
		--append "log_buf_len=1M kunit.enable=1 $wrong_words hone.comment=booted\\x20so $(boot_words "$cpus")" \
		check "$cpus" || status=$?
	say "guest with $cpus CPUs: done in $((SECONDS - start)) s"
	# A verdict of 1 is told by the tests' own results.
	if [ ! -e "$dir/verdict" ]; then
		name=boot
		[ ! -e "$dir/running" ] || name=$(cat "$dir/running")
		failed "cpus-$cpus.guest" "the guest died in $name"
	elif [ "$status" -ne 0 ] && ! [ "$status" = "$(cat "$dir/verdict")" ]; then
		failed "cpus-$cpus.guest" "the kernel complained"
	fi
	for f in "$dir"/*.ktap; do
		[ -e "$f" ] || continue
		name=cpus-$cpus.$(basename "$f")
		if [ -s "$f" ]; then
			cp "$f" "$out/$name"
		else
			failed "${name%.ktap}" "said nothing"
		fi
	done
	[ -e "$dir/kunit.ktap" ] ||
		failed "cpus-$cpus.kunit" "KUnit left no results"
}

# There is no way back from lockdown: a guest of its own.
in_locked_guest()
{
	local dir=$out/locked

	mkdir -p "$dir"
	"$HONE_TOP/qemu/run.sh" --kernel "$kernel" --initrd "$initrd" \
		--cpus 2 --mem "$mem" --timeout "$limit" --out "$dir" \
		--append "hone.boot=on" \
		run env HONE_TEST_FILES=/out /lib/hone/tests/lockdown.sh ||
		grep -qs '^not ok' "$dir/output" ||
		failed lockdown "the guest that is locked down failed"
	[ ! -s "$dir/output" ] || cp "$dir/output" "$out/lockdown.sh.ktap"
}

# Captures that tests have left keep the promises of the format.
verify_files()
{
	local f name args n=0

	for f in "$out"/cpus-*/*.pcapng "$out"/locked/*.pcapng; do
		[ -e "$f" ] || continue
		n=$((n + 1))
		name=${f#"$out/"}
		args=("$f")
		# A reader that was killed may leave half of a last block.
		[[ $f != *-killed.pcapng ]] || args=(--cut "$f")
		if perl "$HONE_TOP/tools/hone/tests/verify.pl" "${args[@]}" \
			>"$out/verify.log" 2>&1; then
			echo "ok $n $name keeps its promises"
		else
			sed 's/^/# /' "$out/verify.log"
			echo "not ok $n $name keeps its promises"
		fi
	done >"$out/files.ktap"
	echo "1..$(grep -cE '^(ok|not ok)' "$out/files.ktap")" >>"$out/files.ktap"
	# And stock tools agree on them; a file that is cut they would complain of.
	find "$out" -name '*.pcapng' ! -name '*-killed.pcapng' | sort |
		xargs -d '\n' "$HONE_TOP/tools/hone/tests/judges.sh" \
			"$HONE_CACHE/tools/hone-relayread" >"$out/judges.ktap" ||
		true
}

on_host()
{
	local start=$SECONDS

	if ! make -s -C "$HONE_TOP/tools/hone" O="$HONE_CACHE/tools" check \
		>"$out/reader.log" 2>&1; then
		grep -q '^not ok' "$out/reader.log" || {
			tail -n 20 "$out/reader.log" >&2
			echo "not ok - make -C tools/hone check" \
				>>"$out/reader.log"
		}
	fi
	cp "$out/reader.log" "$out/reader.ktap"
	say "reader on the host: done in $((SECONDS - start)) s"
	start=$SECONDS
	if ! make -s -C "$HONE_TOP/tools/hone" O="$HONE_CACHE/tools" \
		FUZZ_SECONDS=20 fuzz >"$out/fuzz.ktap" 2>"$out/fuzz.log"; then
		grep -q '^not ok' "$out/fuzz.ktap" || {
			tail -n 20 "$out/fuzz.log" >&2
			failed fuzz "make -C tools/hone fuzz"
		}
	fi
	say "fuzzers: done in $((SECONDS - start)) s"
	start=$SECONDS
	"$HONE_TOP/qemu/demo.sh" --tap >"$out/demo.ktap" ||
		grep -q '^not ok' "$out/demo.ktap" ||
		failed demo "the demo failed"
	say "demo: done in $((SECONDS - start)) s"
}

if [ "$variant" = locked ]; then
	in_locked_guest
else
	# An emulated guest keeps one CPU of the host busy, however many it has.
	in_guest 4 &
	in_guest 1
	[ "$variant" = debug ] || on_host
	wait
fi
verify_files

awk -f "$HONE_TOP/scripts/ktap.awk" "$out"/*.ktap >"$out/sum"
sed '$d' "$out/sum"
read -r passed failed skipped < <(tail -n 1 "$out/sum")
if [ "$failed" -gt 0 ]; then
	say "what the tests said is in $out"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
