#!/usr/bin/env bash
# encoder.sh [RECORD.json [CHECKPOINT]]: times MedSAM's encoder beside ONNX Runtime and reports it; see README.md.
# JMH_ARGS: options for JMH in place of the usual counts, such as '-wi 0 -i 1' for a trial.
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/record.sh
begin -encoder "${1:-}"
java --add-modules jdk.incubator.vector -cp "$jar" antaboga.bench.EncoderFiles \
  "$work/files" 1024:256,512,1536,2048 ${2:+"$2"}

# rounds of both engines in turn, so that a machine that slows down does so for both; their times count together
for round in 1 2 3; do
  # shellcheck disable=SC2086
  java -jar "$jar" bench.EncoderBenchmark.encode -p files="$work/files" -prof antaboga.bench.PeakMemory \
    -rf json -rff "$work/encode-$round.json" ${JMH_ARGS:--wi 0 -i 2}
  # shellcheck disable=SC2086
  java -jar "$jar" bench.EncoderBenchmark.box -p files="$work/files" -prof antaboga.bench.PeakMemory \
    -rf json -rff "$work/box-$round.json" ${JMH_ARGS:-}
done

# growth with the image
# shellcheck disable=SC2086
java -jar "$jar" bench.EncoderBenchmark.encode -p files="$work/files" -prof antaboga.bench.PeakMemory \
  -p engine=antaboga -p size=256,512,1536,2048 -p threads=4 \
  -rf json -rff "$work/growth.json" ${JMH_ARGS:--wi 1 -i 3}

java --add-modules jdk.incubator.vector -cp "$jar" antaboga.bench.EncoderReport \
  "$record" "$commit" "$work"/encode-*.json "$work"/box-*.json "$work"/growth.json
cat "${record%.json}.md"
