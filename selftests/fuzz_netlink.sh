#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# timeout: 4000 + CTNET_FUZZ_SECONDS
#
# Netlink messages, made from the policy and then changed.

# shellcheck source=lib/lib.sh
. "$(dirname "$0")/lib/lib.sh"
# shellcheck source=fuzz/fuzzing.sh
. "$(dirname "$0")/fuzz/fuzzing.sh"

run_test fuzz netlink 1200 "netlink messages of all sorts"
run_test replayed netlink "the cases of a file are sent again"
