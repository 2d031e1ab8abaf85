#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 4000 + CTNET_FUZZ_SECONDS
#
# Encapsulated frames from the underlay, from peers and from strangers.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=fuzz/fuzzing.sh
. "$(dirname "$0")/fuzz/fuzzing.sh"

run_test fuzz underlay 1400 "frames of all sorts from the underlay"
run_test replayed underlay "the cases of a file are sent again"
