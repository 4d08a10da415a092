# SPDX-License-Identifier: Apache-2.0
"""table.py RESULTS COMMIT: counts the tests, names the device, and writes the share of the bound of each pass."""
import glob
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as xml

STATES = 16
# floats that a pass must read or write for each element of u: u, delta, y; and u, delta, dy, du, ddelta
TOUCHED = {"forward": 3, "forwardKept": 3 + STATES / 16, "backward": 5 + STATES / 16}


def tests(folder):
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for path in glob.glob(os.path.join(folder, "tests", "*.xml")):
        for suite in xml.parse(path).getroot().iter("testsuite"):
            for name in counts:
                counts[name] += int(suite.get(name, 0))
    return counts


def main():
    folder, commit = sys.argv[1:3]
    with open(os.path.join(folder, "tests.json"), "w") as f:
        json.dump(tests(folder), f, indent=1)
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.max.sm", "--format=csv,noheader"]
    try:
        device = subprocess.run(query, capture_output=True, text=True).stdout.strip()
    except OSError:
        device = "unknown"
    with open(os.path.join(folder, "device.json"), "w") as f:
        json.dump({"device": device, "commit": commit}, f, indent=1)
    runs = []
    if os.path.exists(os.path.join(folder, "scan.json")):
        with open(os.path.join(folder, "scan.json")) as f:
            runs = json.load(f)
    times = {}
    for run in runs:
        key = run["params"]["shape"], run["params"]["plan"]
        times.setdefault(key, {})[run["benchmark"].rsplit(".", 1)[1]] = run["primaryMetric"]["score"]
    lines = [f"{device}, {commit[:9]}", "", "| B x D x L | plan | pass | us | bound us | share |", "|---|---|---|---|---|---|"]
    for (shape, plan), of in sorted(times.items()):
        for name, floats in TOUCHED.items():
            if name in of and "copy" in of and "exponentials" in of:
                bound = max(of["copy"] * floats / 2, of["exponentials"])
                lines.append(f"| {shape} | {plan} | {name} | {of[name]:.1f} | {bound:.1f} | {bound / of[name]:.0%} |")
    with open(os.path.join(folder, "table.md"), "w") as f:
        f.write("\n".join(lines) + "\n")
    print("\n".join(lines))


main()
