#!/bin/bash
# ./dev test: builds and runs every suite, counts cases and says what was skipped and why. Options: ./dev help test.
#
# GoogleTest writes its results as XML, ctest its own as JUnit; tools/count_tests.py makes the last line of both.
# Exit code: 0 all passed, 1 something failed, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
label='' node='' sanitizers=(asan) slow=yes release=yes filter='' lint=${CI:-}
[[ ${CI:-} != true ]] || sanitizers+=(tsan)
while (($#)); do
  case $1 in
    --unit) label=unit ;;
    --conformance) label=conformance ;;
    --engine) label=engine ;;
    --api) label=api ;;
    --node) label=node node=yes ;;
    --with-node) node=yes ;;
    --quick) slow='' sanitizers=() ;;
    --asan-only) release='' sanitizers=(asan) ;;
    --tsan) sanitizers+=(tsan) ;;
    -*) fail "test: unknown option $1" 2 ;;
    *) [[ -z $filter ]] || fail "test: one filter only" 2; filter=$1 ;;
  esac
  shift
done
[[ $label != api ]] || sanitizers=("${sanitizers[@]/asan/}")
[[ $label != node ]] || sanitizers=()
if [[ -n $filter ]]; then
  [[ $filter == *[*:]* ]] || filter="*$filter*"
  export GTEST_FILTER=$filter
fi
export GTEST_COLOR=no ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$root/tests/leaks.supp:print_suppressions=0}
export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$root/tests/threads.supp:print_suppressions=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
results=() failed=''

run_suites() { # PRESET
  local preset=$1 dir=$root/build/$1/test-results arguments=(--output-on-failure --no-tests=error) targets=() without=''
  step "building ($preset)"
  if [[ $preset == tsan ]]; then
    [[ $label == api ]] && targets=(api_operator_tests) || targets=(threaded_tests)
  fi
  [[ $label != node ]] || targets=(node_tests)
  "$root/tools/build.sh" "$preset" "${targets[@]}" || { failed=1; return; }
  rm -rf "$dir"
  mkdir -p "$dir"
  results+=("$preset=$dir")
  step "testing ($preset)"
  [[ -z $label ]] || arguments+=(-L "^$label\$")
  # Suites that mostly wait or move gigabytes run as users have the program; under a sanitizer they would show nothing more.
  if [[ $preset == tsan ]]; then
    # The engine is one thread but for the name service. The whole operator runs where somebody asks for it: libraries that are built
    # without ThreadSanitizer make it see races that are none, now and then another one.
    [[ $label == api ]] && arguments+=(-R '^api_operator_tests$') || arguments+=(-L '^threads$')
  elif [[ $preset != release ]]; then
    without='slow|api|node'
  else
    # What needs a node takes minutes and root: only where somebody asks for it.
    without=$([[ -n $slow ]] || echo 'slow|')$([[ -n $node ]] || echo node)
  fi
  [[ -z ${without%|} ]] || arguments+=(-LE "^(${without%|})\$")
  # At most two at a time, and what may go with what: tests/CMakeLists.txt.
  GTEST_OUTPUT=xml:$dir/ ctest --parallel 2 --test-dir "$root/build/$preset" "${arguments[@]}" --timeout 1800 --output-junit "$dir/ctest.junit" ||
    failed=1
}

# What runs against Kubernetes is skipped where its programs cannot be had; where somebody asked for it, that is a failure.
if [[ $label == api || -z $label$filter ]]; then
  "$root/tools/setup.sh" --if-needed
  if ! "$root/tools/cluster/programs.sh" >/dev/null && [[ $label == api || ${CI:-} == true ]]; then
    failed=1
    results+=("Kubernetes's programs=failed")
  fi
fi
if [[ -n $node ]]; then
  "$root/tools/setup.sh" --if-needed
  # Asked for by name, so nothing of it may be skipped.
  if ! { "$root/tools/setup.sh" --node && "$root/tools/cluster/programs.sh" --node --helm >/dev/null && "$root/tools/images.sh" --prebuilt; }; then
    failed=1
    results+=("what a node needs=failed")
  fi
fi
[[ -z $release ]] || run_suites release
for preset in ${sanitizers[@]+"${sanitizers[@]}"}; do [[ -z $preset ]] || run_suites "$preset"; done
if [[ ${CI:-} == true && -z $label$filter ]]; then
  "$root/tools/fuzz.sh" --seconds 3 || { failed=1; results+=("fuzzing=failed"); }
fi
if [[ $lint == true ]]; then
  step "lint"
  "$root/tools/lint.sh" || { failed=1; results+=("lint=failed"); }
fi
"$root/tools/count_tests.py" ${failed:+--failed} "${results[@]}"
