#!/bin/sh
# lint.sh BUILD: what can be said of the code without running it. Tools that are not installed are named and passed over;
# the check of the rooms and the compiler are always there.
set -u
cd "$(dirname "$0")/.."
build=$1 failed=0
sources=$(find include src cli fuzz tests bench examples python -name '*.[ch]' -not -path '*/build*' 2>/dev/null)

step() {
  echo "lint: $*"
}
have() {
  command -v "$1" >/dev/null || { echo "lint: $1 is not installed, passed over"; return 1; }
}

step rooms
python3 tests/check_structure.py || failed=1
if have clang-format; then
  step format
  clang-format --dry-run --Werror $sources || failed=1
fi
if have mandoc; then
  step man page
  mandoc -T lint -W warning docs/berg.1 || failed=1
fi
step shell
for script in scripts/*.sh; do sh -n "$script" || failed=1; done
bash -n .ci/run docs/completions/berg.bash || failed=1
if have cppcheck; then
  step cppcheck
  # the header by hand: its loops are macros
  cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=toomanyconfigs --include=/usr/include/cjson/cJSON.h -I include -I src -j 2 \
    src cli || failed=1
fi
if have clang-tidy; then
  step clang-tidy
  # Left out, each for what it takes for a fault:
  #   easily-swappable-parameters, narrowing-conversions, branch-clone, suspicious-string-compare: matters of taste here
  #   sizeof-expression: "sizeof *list" of a list of pointers, which is how every list is allocated
  #   implicit-widening-of-multiplication-result: products of the shapes' constants, whose overflow the compiler reports;
  #     that of variables is found by the tests under UndefinedBehaviorSanitizer
  left_out=-bugprone-easily-swappable-parameters,-bugprone-narrowing-conversions,-bugprone-branch-clone
  left_out=$left_out,-bugprone-suspicious-string-compare,-bugprone-sizeof-expression
  left_out=$left_out,-bugprone-implicit-widening-of-multiplication-result
  # the names that ask the system's headers for more than POSIX are reserved for just that
  feature_macros='{CheckOptions: [{key: bugprone-reserved-identifier.AllowedIdentifiers,
                                   value: "_GNU_SOURCE;_DEFAULT_SOURCE"}]}'
  clang-tidy --quiet -p "$build" --warnings-as-errors='*' --checks="-*,bugprone-*,$left_out" --config="$feature_macros" \
    $(find src cli -name '*.c' -not -path '*/kernels/*') 2>/dev/null || failed=1
fi
[ $failed = 0 ] && echo "lint: in order"
exit $failed
