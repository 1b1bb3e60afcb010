# SPDX-License-Identifier: GPL-2.0-only
# Hone: new files and hook patches for a kernel, its tools, and a guest to try
# them in. The steps are scripts; this file gives them names.

help:
	@echo 'Everything is built under $${XDG_CACHE_HOME:-~/.cache}/hone (HONE_CACHE=DIR).'
	@echo 'What is missing is installed from Debian packages, if run as root.'
	@echo
	@echo '  demo          build, boot, capture real programs; capture.pcapng, summary'
	@echo '  check         all tests: KUnit and selftests in the guest, reader, demo'
	@echo '  check-debug   guest tests in a kernel with KASAN, lockdep and kmemleak'
	@echo '  check-locked  what is left of it in a kernel that is locked down'
	@echo '  check-all     all these, and a build and boot after each patch'
	@echo '  lint          style and static checks; looks at what changed'
	@echo '  bench         instructions that Hone costs, idle and beside tcpdump, dumpcap'
	@echo '  bench-growth  what a packet costs with many sockets, processes, namespaces, CPUs'
	@echo '  bench-time    time that Hone, tcpdump and dumpcap take, as ratios'
	@echo '  bench-flood   how many datagrams a second are recorded without loss'
	@echo '  shell         a shell in the guest'
	@echo '  tools         hone-relayread and the other tools'
	@echo '  deb           Debian packages of the tools'
	@echo '  tree          the patched kernel tree; prints its path'
	@echo '  clean         remove what was built (not the unpacked kernel, nor ccache)'
	@echo
	@echo 'To patch a tree of your own: scripts/apply.sh TREE'

demo:
	@qemu/demo.sh

check:
	@qemu/check.sh y

check-debug:
	@qemu/check.sh debug

check-locked:
	@qemu/check.sh locked

check-all: check check-debug check-locked
	@scripts/check-series.sh

lint:
	@scripts/lint.sh

bench:
	@qemu/bench.sh

bench-growth:
	@qemu/bench-growth.sh --update

bench-time:
	@qemu/bench-time.sh

bench-flood:
	@qemu/bench-flood.sh

shell:
	@scripts/setup.sh build guest
	@qemu/run.sh shell

tools:
	@scripts/setup.sh build
	@$(MAKE) -C tools/hone

deb:
	@scripts/deb.sh

tree:
	@scripts/setup.sh build
	@scripts/fetch-kernel.sh

clean:
	@scripts/clean.sh

.PHONY: help demo check check-debug check-locked check-all lint bench bench-growth bench-time bench-flood shell tools deb tree clean
