#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 4000 + CTNET_FUZZ_SECONDS
#
# Frames from containers and from the host.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=fuzz/fuzzing.sh
. "$(dirname "$0")/fuzz/fuzzing.sh"

run_test fuzz port 1450 "frames of all sorts from ports and the host"
run_test replayed port "the cases of a file are sent again"
