#!/usr/bin/env bash
# student.sh [RECORD.json]: times the student beside ONNX Runtime, and its training step; see README.md.
# JMH_ARGS: options for JMH in place of the usual counts, such as '-wi 0 -i 1' for a trial.
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/record.sh
begin -student "${1:-}"
java --add-modules jdk.incubator.vector -cp "$jar" antaboga.bench.StudentFiles "$work/files"

threads=$(printf '1\n%d\n' "$(getconf _NPROCESSORS_ONLN)" | sort -un | paste -sd, -)
# one run, so that what is compared stands side by side
# shellcheck disable=SC2086
java -jar "$jar" bench.Student -p files="$work/files" -p threads="$threads" \
  -prof antaboga.bench.PeakMemory -rf json -rff "$work/beside.json" ${JMH_ARGS:-}

java --add-modules jdk.incubator.vector -cp "$jar" antaboga.bench.StudentReport \
  "$record" "$commit" "$work/beside.json" "$work"/files/costs-*.json
cat "${record%.json}.md"
