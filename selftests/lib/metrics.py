#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What OpenMetrics' own parser makes of a text on standard input, which has to be right.

	metrics.py names		its names, as they are in queries
	metrics.py labels NAME KEY	the values of a label, as JSON, one a line, in order
"""

import json
import os
import sys

sys.path.append(os.environ.get("CTNET_PROMETHEUS", "") + "/usr/lib/python3/dist-packages")

from prometheus_client.openmetrics.parser import text_string_to_metric_families  # noqa: E402


def main():
	"""Read all of it, and print what is asked for."""
	text = sys.stdin.buffer.read().decode("utf-8")
	families = list(text_string_to_metric_families(text))
	for family in families:
		if not family.documentation or family.type not in ("gauge", "counter"):
			raise SystemExit(f"{family.name}: {family.type}, \"{family.documentation}\"")
	if sys.argv[1] == "names":
		for family in families:
			print(family.name + ("_total" if family.type == "counter" else ""))
		return
	values = [sample.labels[sys.argv[3]] for family in families for sample in family.samples
	          if sample.name == sys.argv[2]]
	for value in sorted(values):
		print(json.dumps(value))


main()
