#!/usr/bin/env bash
# scan.sh [RECORD.json]: times the selective scan on this machine's processor and reports it; see README.md.
# JMH_ARGS: options for JMH in place of the usual times, such as '-wi 1 -w 100ms -i 1 -r 100ms' for a trial.
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/record.sh
begin "" "${1:-}" -Plibtorch

# one run, so that what is compared stands side by side
# shellcheck disable=SC2086
java -jar "$jar" '(Exponential|bench.Copy|mamba.Scan|LibtorchScan|Nd4jScan)Benchmark' \
  -rf json -rff "$work/scan.json" ${JMH_ARGS:-}

# cost over length, channels and states (D x L x N), each from 2^8 to 2^16
shapes=
for size in 256 1024 4096 16384 65536; do
  shapes+=64x${size}x16,${size}x64x16,16x64x$size,
done
# shellcheck disable=SC2086
java -jar "$jar" mamba.ScanBenchmark -p kernel=vector -p threads=1 -p shape="${shapes%,}" \
  -rf json -rff "$work/cost.json" ${JMH_ARGS:--wi 4 -w 500ms -i 4 -r 500ms}

java --add-modules jdk.incubator.vector -cp "$jar" antaboga.bench.ScanReport "$record" "$commit" "$work"/*.json
cat "${record%.json}.md"
