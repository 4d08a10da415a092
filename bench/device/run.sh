#!/usr/bin/env bash
# run.sh RESULTS: tests and times the scan on this machine's CUDA device; see README.md.
set -uo pipefail
results=$(mkdir -p "${1:?usage: run.sh RESULTS}" && cd "$1" && pwd)
cd "$(dirname "$0")"

# the toolkit's libraries, wherever they are: each as the folder that holds it
libraries=${LD_LIBRARY_PATH:-}
for name in libcudart.so.13 libnvrtc.so.13; do
  found=$(ls -d /usr/local/cuda*/lib64/$name /usr/local/cuda*/targets/*/lib/$name 2>/dev/null | head -1)
  [ -n "$found" ] || found=$(find / -name $name -not -path '/proc/*' 2>/dev/null | head -1)
  [ -n "$found" ] && libraries=$libraries:$(dirname "$found")
done
driver=$(find / -name libcuda.so.1 -not -path '*/stubs/*' -not -path '/proc/*' 2>/dev/null | head -1)
[ -n "$driver" ] && libraries=$libraries:$(dirname "$driver")
export LD_LIBRARY_PATH=$libraries OMP_NUM_THREADS=1
export JAVA_TOOL_OPTIONS="-Dorg.bytedeco.javacpp.cachedir=${TMPDIR:-/tmp}/javacpp"
java=runtime/bin/java

status=0
classes=lib/mamba-tests:lib/core-tests:lib/junit-platform-console-standalone-1.14.4.jar:lib/benchmarks.jar
$java --add-modules jdk.incubator.vector -Dantaboga.scan=cuda -Dgolden.dir=golden -cp "$classes" \
  org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors --details=summary \
  --reports-dir="$results/tests" -c antaboga.mamba.CudaScanTest -c antaboga.mamba.MambaGoldenTest \
  -c antaboga.mamba.SelectiveScanTest | tee "$results/tests.log" || status=1

# shellcheck disable=SC2086
$java -jar lib/benchmarks.jar DeviceScanBenchmark -jvm "$java" -rf json -rff "$results/scan.json" ${JMH_ARGS:-} |
  tee "$results/scan.log" || status=1

if python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
  python3 torch_scan.py "$results/torch.json" || status=1
fi
shopt -s nullglob
$java -cp lib/benchmarks.jar antaboga.bench.ScanReport "$results/record.json" "$(cat commit)" \
  "$results"/scan.json "$results"/torch*.json "$results"/tests/*.xml && cat "$results/record.md" || status=1
exit $status
