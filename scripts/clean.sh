#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Removes what was built. The unpacked kernel and the compiler cache stay.
. "$(dirname "$0")/lib.sh"

rm -rf "$HONE_CACHE"/build-* "$HONE_CACHE"/{root,tools,bench,selftests,out,lint} \
	"$HONE_CACHE"/*.log "$HONE_CACHE"/initramfs.cpio "$HONE_CACHE"/kvm.*
