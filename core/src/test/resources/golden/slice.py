# SPDX-License-Identifier: Apache-2.0
"""Makes this folder's slice of the full golden set: slice.py FULL_SET SLICE

The smallest case of every function, then in turn the next of each with other options, then the next
of each, up to 8 MB. Left out are checkpoints whose arrays the case also has as a flat file, all large
checkpoint files but one, and the largest outputs of models whose later outputs depend on them.
"""
import json
import os
import shutil
import sys

LIMIT = 8_000_000  # bytes, manifest included
PTH_LIMIT = 100_000
SMALL = 30_000
PTH_KEPT = ("zip.pth",)
FIRST = (  # not the smallest, but the telling ones
    "sam/tiny_pad_prompt_box1", "mamba/scanL_BvarCvar_full_L64", "mamba/scanL_BgrpCgrp_full_L7",
    "mamba/scanL_BconstCvar_full_L7", "metrics/disks", "metrics/rand0", "metrics/vol_spheres",
    "metrics/spacing_3.0_0.7", "metrics/touching_border", "metrics/empty_blob")
SKIPPED = ("ss2d/ultralight_large",)
DROPPED = (
    "sam/vitb/outputs.dense_pe.npy", "sam/vitb/outputs.emb.npy", "sam/vitb/outputs.low_res0.npy",
    "ss2d/ultralight_trace/outputs.ebn1.npy", "ss2d/ultralight_trace/outputs.ebn2.npy")
GROUPS = ("inputs", "weights", "upstream", "outputs", "grads", "grads_with_last_state")
OWN = ("README.md", "owners.tsv", "slice.py")

full, target = sys.argv[1:]
size = lambda names: sum(os.path.getsize(os.path.join(full, n)) for n in names)
manifest = json.load(open(os.path.join(full, "manifest.json")))


def files(case):
    names = {a["file"] for g in GROUPS for a in case.get(g, {}).values()}
    for entry in case.get("files", {}).values():
        if isinstance(entry, str):
            names.add(entry)
        elif isinstance(entry, dict):
            names |= {entry["flat"], entry["index"]}
        else:
            names |= set(entry)
    return names


def options(case):
    return case["function"], json.dumps(
        {k: v for k, v in case["params"].items() if isinstance(v, (bool, str)) or v is None}
        | {k: 0 for k in case["params"]}, sort_keys=True)


listings = {}
for case in manifest["cases"]:
    attached = case.get("files", {})
    if "state_dict" in attached:
        attached.pop("checkpoint", None)
    if "list" in attached:
        attached["list"] = [
            f for f in attached["list"] if os.path.basename(f) in PTH_KEPT or size([f]) < PTH_LIMIT]
        case["params"]["count"] = len(attached["list"])
        entries = json.load(open(os.path.join(full, attached["expected"])))
        kept = set(attached["list"])
        listings[attached["expected"]] = [e for e in entries if e["file"] in kept]
    outputs = case.get("outputs", {})
    for name in [n for n, a in outputs.items() if a["file"] in DROPPED]:
        del outputs[name]

chosen, have, spent = set(), set(), 10_000


def take(case):
    global spent
    cost = size(files(case) - have) + len(json.dumps(case, separators=(",", ":"))) + 2
    if spent + cost <= LIMIT:
        spent += cost
        chosen.add(case["id"])
        have.update(files(case))


functions = {}
for case in manifest["cases"]:
    if case["id"] not in SKIPPED:
        functions.setdefault(case["function"], []).append(case)
for name, cases in functions.items():
    cases.sort(key=lambda c: (c["id"] not in FIRST, size(files(c))))
    seen, others, again = set(), [], []
    for case in cases:
        (again if options(case) in seen else others).append(case)
        seen.add(options(case))
    functions[name] = others + again
for turn in range(max(map(len, functions.values()))):
    for cases in functions.values():
        if turn < len(cases) and (turn == 0 or size(files(cases[turn]) - have) < SMALL):
            take(cases[turn])

for name in os.listdir(target):
    if name not in OWN:
        path = os.path.join(target, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
for name in sorted(have):
    path = os.path.join(target, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if name in listings:
        json.dump(listings[name], open(path, "w"), separators=(",", ":"))
    else:
        shutil.copyfile(os.path.join(full, name), path)
manifest["cases"] = [c for c in manifest["cases"] if c["id"] in chosen]
with open(os.path.join(target, "manifest.json"), "w") as out:
    head = {k: v for k, v in manifest.items() if k != "cases"}
    out.write(json.dumps(head)[:-1] + ', "cases": [\n')
    out.write(",\n".join(json.dumps(c, separators=(",", ":")) for c in manifest["cases"]))
    out.write("\n]}\n")
missing = set(functions) - {c["function"] for c in manifest["cases"]}
print(len(chosen), "cases,", spent, "bytes", "without" if missing else "", *missing)
