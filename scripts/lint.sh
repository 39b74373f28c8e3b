#!/bin/bash
# lint.sh [STEP...]: what can be said of the sources without running them. Steps: structure, format, man, shell, citation, packaging, cppcheck,
# clang-tidy; without a name all of them. A tool that is not installed is an error that names its package: `make deps-lint` installs all.
# BERG_BUILD (build) holds the compile commands that clang-tidy reads; LINT_JOBS (2) is how many processes it runs.
set -u
cd "$(dirname "$0")/.."
build=${BERG_BUILD:-build} jobs=${LINT_JOBS:-2} failed=0

needs() {
  command -v "$1" >/dev/null || { echo "lint: $1 is not installed: make deps-lint, or apt-get install $2"; return 1; }
}

structure() { /usr/bin/python3 tests/check_structure.py; }

format() {
  needs clang-format clang-format &&
    find include src cli fuzz tests bench examples python -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run --Werror
}

man() { needs mandoc mandoc && mandoc -T lint -W warning docs/berg.1; }

shell() {
  local script status=0
  for script in scripts/*.sh packaging/*.sh .ci/run docs/completions/berg.bash; do bash -n "$script" || status=1; done
  return $status
}

citation() { /usr/bin/python3 tests/check_citation.py; }

packaging() { /usr/bin/python3 tests/check_packaging.py; }

# cJSON's header is given by hand: its loops are macros.
cppcheck_sources() {
  needs cppcheck cppcheck &&
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
      --suppress=missingIncludeSystem --suppress=toomanyconfigs --include=/usr/include/cjson/cJSON.h -I include -I src \
      -j "$jobs" src cli
}

# The checks are in .clang-tidy. Kernels are left out: each is compiled several times, once an instruction set. So is the
# plug-in for MPI, whose header need not be here.
clang_tidy() {
  needs clang-tidy clang-tidy || return 1
  [ -f "$build/compile_commands.json" ] || { echo "lint: $build/compile_commands.json is not there: make builds it"; return 1; }
  # what goes to stderr counts the warnings of the system's headers
  find src cli -name '*.c' -not -path '*/kernels/*' -not -path 'src/mpi/*' -print0 |
    xargs -0 -P "$jobs" -n 8 clang-tidy --quiet -p "$build" 2>/dev/null
}

for step in "${@:-all}"; do
  case $step in
    all) set -- structure format man shell citation packaging cppcheck clang-tidy ;;
    structure | format | man | shell | citation | packaging | cppcheck | clang-tidy) ;;
    *) echo "lint: $step is no step: structure, format, man, shell, citation, packaging, cppcheck or clang-tidy"; exit 2 ;;
  esac
done
for step in "$@"; do
  echo "lint: $step"
  case $step in
    cppcheck) cppcheck_sources ;;
    clang-tidy) clang_tidy ;;
    *) "$step" ;;
  esac || failed=1
done
[ $failed = 0 ] && echo "lint: in order"
exit $failed
