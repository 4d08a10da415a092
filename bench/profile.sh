#!/usr/bin/env bash
# profile.sh: the shares of a VSS block's time, as the table of docs/kernels.md gives them, on 1 and 2 threads.
# PROFILE: the command that profiles, in place of examples/antaboga profile.
set -euo pipefail
cd "$(dirname "$0")/.."

rows() { # rows TEXT CHANNELS SIDE: for each direction its shares in per cent
  awk -v at="$2, $3" '
    BEGIN {
      column["Scan"] = 1; column["Linear"] = 2; column["Depthwise2d"] = 3; column["LayerNorm"] = 4
      column["Silu"] = 5; column["SiluGate"] = 5
    }
    $2 ~ /^[0-9.]+$/ || $3 ~ /^[0-9.]+$/ {
      between = $1 == "between"
      forward = between ? $3 : $2; backward = between ? $4 : $3
      kind = ($1 in column) ? column[$1] : 6
      ms["forward", kind] += forward; ms["backward", kind] += backward
      all["forward"] += forward; all["backward"] += backward
    }
    END {
      for (d = 1; d <= 2; d++) {
        way = d == 1 ? "forward" : "backward"
        printf "| %s | %s |", at, way
        for (kind = 1; kind <= 6; kind++) printf " %.0f |", 100 * ms[way, kind] / all[way]
        printf " **%.0f** |\n", 100 * (ms[way, 1] + ms[way, 2] + ms[way, 3]) / all[way]
      }
      both = all["forward"] + all["backward"]
      three = 0
      for (kind = 1; kind <= 3; kind++) three += ms["forward", kind] + ms["backward", kind]
      printf "both: %.1f %% of %.1f ms\n", 100 * three / both, both
    }' <<<"$1"
}

for threads in 1 2; do
  echo "threads: $threads"
  for sizes in 96x64x20 192x32x20 384x16x30 768x8x40 20x64x60 40x32x100 80x16x200 160x8x300; do
    IFS=x read -r channels side passes <<<"$sizes"
    # shellcheck disable=SC2086
    text=$(ANTABOGA_OPTS="-Dantaboga.threads=$threads ${ANTABOGA_OPTS:-}" ${PROFILE:-examples/antaboga profile} --of vss \
      --width "$channels" --size "$side" --batch 4 --passes "$passes" 2>/dev/null)
    rows "$text" "$channels" "$side"
  done
done
