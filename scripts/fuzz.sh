#!/bin/sh
# fuzz.sh BUILD SECONDS: each fuzz target in turn, on a copy of its corpus. A finding is left in BUILD/findings/ and ends
# the run with status 1; once repaired it belongs in tests/crashers/<reader>/.
set -eu
cd "$(dirname "$0")/.."
build=$1 seconds=$2 failed=0
mkdir -p "$build/findings"
for source in fuzz/fuzz_*.c; do
  name=$(basename "$source" .c)
  reader=${name#fuzz_}
  mkdir -p "$build/corpus/$reader"
  echo "fuzz: $reader, $seconds seconds"
  "$build/fuzz/$name" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -print_final_stats=1 \
    -artifact_prefix="$build/findings/$reader-" "$build/corpus/$reader" $(ls -d "fuzz/corpus/$reader" 2>/dev/null) \
    >"$build/findings/$reader.log" 2>&1 || { failed=1; echo "fuzz: $reader: a finding, see $build/findings/$reader.log"; }
  grep -E 'stat::number_of_executed_units|stat::peak_rss_mb' "$build/findings/$reader.log" || true
done
exit $failed
