# record.sh, sourced by the scripts beside it: builds the benchmarks and sets
#   record, the file to make; commit; work, a folder that goes when the script ends; jar, a copy of the benchmarks.
# ENDING of the record's name, RECORD or nothing, and options for Maven: begin ENDING RECORD OPTIONS...
begin() {
  local processor name ending=$1 given=$2
  shift 2
  commit=$(git describe --always --dirty --abbrev=40)
  processor=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -1)
  name=$(tr -cs '[:alnum:]\n' - <<<"${processor:-$(uname -m)}" | tr '[:upper:]' '[:lower:]')
  record=${given:-bench/results/$(date -u +%F)-$name-$(cut -c1-9 <<<"$commit")$ending.json}
  mkdir -p "$(dirname "$record")"
  # shellcheck disable=SC2086
  mvn -q -B ${MAVEN_ARGS:-} -DskipTests -Dmaven.javadoc.skip "$@" -pl bench -am package
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp bench/target/benchmarks.jar "$work/" # so that another build does not pull it from under a run
  jar=$work/benchmarks.jar
}
