#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Ground truth with all cases at once, and a busy process that has nothing to
# do with them on every CPU.
export HONE_TEST_ROUNDS="${HONE_TEST_ROUNDS:-200}"
export HONE_TEST_PROCESSES="${HONE_TEST_PROCESSES:-1000}"
exec ./truth.sh --together "$@"
