#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Ground truth over files that take turns every tenth of a second: no packet is
# lost or there twice, and each file describes the processes that it names.
export HONE_TEST_ROTATE=0.1
export HONE_TEST_ROUNDS="${HONE_TEST_ROUNDS:-2000}"
export HONE_TEST_PROCESSES="${HONE_TEST_PROCESSES:-500}"
exec ./truth.sh udp udp-shared tcp tcp-fork tcp-exit-live exec-stress
