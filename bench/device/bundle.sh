#!/usr/bin/env bash
# bundle.sh FOLDER: everything that run.sh needs on a machine with a CUDA driver and nothing of Java. See README.md.
set -euo pipefail
target=$(mkdir -p "${1:?usage: bundle.sh FOLDER}" && cd "$1" && pwd)
cd "$(dirname "$0")/../.."
junit=1.14.4

# MAVEN_ARGS: such as -o; MAVEN_REPOSITORY: where Maven keeps its files
# shellcheck disable=SC2086
mvn -q -B ${MAVEN_ARGS:-} -Pcuda-kernels -pl bench -am -DskipTests package
# shellcheck disable=SC2086
mvn -q -B ${MAVEN_ARGS:-} dependency:get -Dartifact=org.junit.platform:junit-platform-console-standalone:$junit \
  -Dtransitive=false
repository=${MAVEN_REPOSITORY:-$HOME/.m2/repository}

rm -rf "$target"/{runtime,lib,golden}
mkdir -p "$target/lib"
java_home=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}
"$java_home/bin/jlink" --output "$target/runtime" --no-header-files --no-man-pages --strip-debug --add-modules \
  java.desktop,java.instrument,java.management,java.naming,java.sql,jdk.incubator.vector,jdk.management,jdk.unsupported

# unpacked natives press better than those in a pressed jar; symbols that only a debugger reads stay here
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && "$java_home/bin/jar" xf "$OLDPWD/bench/target/benchmarks.jar" &&
  find . -name '*.so*' -size +1M -exec strip --strip-unneeded {} + &&
  "$java_home/bin/jar" c0fm "$target/lib/benchmarks.jar" META-INF/MANIFEST.MF .)
cp -r mamba/target/test-classes "$target/lib/mamba-tests"
cp -r core/target/test-classes "$target/lib/core-tests"
cp "$repository/org/junit/platform/junit-platform-console-standalone/$junit/"*-$junit.jar "$target/lib/"
if [ -d ../shared/golden ]; then
  mkdir -p "$target/golden"
  cp -r ../shared/golden/{manifest.json,mamba,ss2d} "$target/golden/"
fi
cp bench/device/{run.sh,torch_scan.py,README.md} "$target/"
git rev-parse HEAD >"$target/commit"

XZ_OPT=-T0 tar cJf "$target.tar.xz" -C "$(dirname "$target")" "$(basename "$target")"
split -b 60m -d "$target.tar.xz" "$target.tar.xz."
du -h "$target.tar.xz"
