#!/bin/bash
# ./dev test: builds and runs every suite, counts cases and says what was skipped and why. Options: ./dev help test.
#
# GoogleTest writes its results as XML, ctest its own as JUnit; tools/count_tests.py makes the last line of both.
# Exit code: 0 all passed, 1 something failed, 2 usage.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/tools/terminal.sh"
label='' node='' gitops='' sanitizers=(asan) slow=yes release=yes filter='' lint=${CI:-}
[[ ${CI:-} != true ]] || sanitizers+=(tsan)
while (($#)); do
  case $1 in
    --unit) label=unit ;;
    --conformance) label=conformance ;;
    --engine) label=engine ;;
    --api) label=api ;;
    --node) label=node node=yes ;;
    --with-node) node=yes ;;
    --gitops) label=gitops gitops=yes ;;
    --quick) slow='' sanitizers=() ;;
    --asan-only) release='' sanitizers=(asan) ;;
    --tsan) sanitizers+=(tsan) ;;
    -*) fail "test: unknown option $1" 2 ;;
    *) [[ -z $filter ]] || fail "test: one filter only" 2; filter=$1 ;;
  esac
  shift
done
[[ $label != api || -z $release ]] || sanitizers=("${sanitizers[@]/asan/}")
[[ $label != node && $label != gitops ]] || sanitizers=()
if [[ -n $filter ]]; then
  [[ $filter == *[*:]* ]] || filter="*$filter*"
  export GTEST_FILTER=$filter
fi
export GTEST_COLOR=no ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$root/tests/leaks.supp:print_suppressions=0}
export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$root/tests/threads.supp:print_suppressions=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
results=() failed='' ahead='' begun=$(date +%s)

# Most suites wait more than they work: meanwhile what comes after them is built, and then clang-tidy remembers what passed. What of it
# failed, or was not done in time, is done again where it belongs, and says so there.
work_ahead() { # PRESET…: "name" or "name target"
  mkdir -p "$root/build"
  # shellcheck disable=SC2016
  when_idle bash -c 'tools=$1; shift; for what; do "$tools/build.sh" $what; done; "$tools/lint.sh" --tidy' ahead "$root/tools" "$@" \
    >"$root/build/ahead.log" 2>&1 &
  ahead=$!
  trap end_ahead EXIT
}
# In a session of its own, to be ended with all that it started, and as Linux lends processors to sessions first: sched(7), autogroup.
when_idle() { # COMMAND…
  # shellcheck disable=SC2016
  exec setsid bash -c 'echo 19 2>/dev/null >/proc/self/autogroup; exec nice -n 19 "$@"' idle "$@"
}
end_ahead() {
  [[ -n $ahead ]] || return 0
  kill -- "-$ahead" 2>/dev/null || true
  wait "$ahead" 2>/dev/null || true
  ahead=''
}

run_suites() { # PRESET
  local preset=$1 dir=$root/build/$1/test-results arguments=(--output-on-failure) targets=() without='' once=''
  step "building ($preset)"
  if [[ $label == api && $preset != release ]]; then
    targets=(api_operator_tests)
  elif [[ $preset == tsan ]]; then
    targets=(threaded_tests)
  fi
  # Those that are not run by everybody are not part of "all", nor of release_tests.
  if [[ $label == node ]]; then
    targets=(node_tests)
  elif [[ $label == gitops ]]; then
    targets=(api_gitops_tests)
  elif [[ $preset == release ]]; then
    [[ " ${sanitizers[*]} " != *" asan "* ]] || once=yes
    targets=("$([[ -n $once ]] && echo release_tests || echo all)" ${node:+node_tests})
  fi
  "$root/tools/build.sh" "$preset" "${targets[@]}" || { failed=1; return; }
  rm -rf "$dir"
  mkdir -p "$dir"
  results+=("$preset=$dir")
  step "testing ($preset)"
  [[ -z $label ]] || arguments+=(-L "^$label\$")
  # Each suite runs once: what AddressSanitizer will run does not run here as well.
  [[ -z $once ]] || arguments+=(-L '^release$')
  arguments+=(--no-tests="$([[ -n $once ]] && echo ignore || echo error)")
  # Suites that mostly wait or move gigabytes run as users have the program; under a sanitizer they would show nothing more.
  if [[ $preset == tsan ]]; then
    # The engine is one thread but for the name service. The whole operator runs where somebody asks for it: libraries that are built
    # without ThreadSanitizer make it see races that are none, now and then another one.
    [[ $label == api ]] && arguments+=(-R '^api_operator_tests$') || arguments+=(-L '^threads$')
  elif [[ $preset != release ]]; then
    without=release
  else
    # What needs a node takes minutes and root, and Flux and Argo CD take minutes to build: only where somebody asks for it.
    without=$([[ -n $slow ]] || echo 'slow|')$([[ -n $node ]] || echo 'node|')$([[ -n $gitops ]] || echo gitops)
  fi
  [[ -z ${without%|} ]] || arguments+=(-LE "^(${without%|})\$")
  if [[ ${CI:-} == true && -z $label$filter ]]; then
    case $preset in
      release) work_ahead asan 'tsan threaded_tests' 'fuzz fuzzers' ;;
      asan) work_ahead 'tsan threaded_tests' 'fuzz fuzzers' ;;
    esac
  fi
  # Three at a time, as most of what they do is to wait; and what may go with what: tests/CMakeLists.txt.
  GTEST_OUTPUT=xml:$dir/ ctest --parallel 3 --test-dir "$root/build/$preset" "${arguments[@]}" --timeout 1800 --output-junit "$dir/ctest.junit" ||
    failed=1
  end_ahead  # ninja goes on where it was
}

# What runs against Kubernetes is skipped where its programs cannot be had; where somebody asked for it, that is a failure.
if [[ $label == api || $label == gitops || -z $label$filter ]]; then
  "$root/tools/setup.sh" --if-needed
  if ! "$root/tools/cluster/programs.sh" --judge --helm ${gitops:+--gitops} >/dev/null && [[ $label == api || -n $gitops || ${CI:-} == true ]]; then
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
  # Continuous integration has 90 minutes. On a machine that is slow today, what nobody runs outside of tests is the first to wait for another day.
  [[ ${CI:-} != true ]] || export TESTS_UNTIL=$((begun + 75 * 60)) UNTIL=$((begun + 84 * 60))
  "$root/tools/lint.sh" || { failed=1; results+=("lint=failed"); }
fi
"$root/tools/count_tests.py" ${failed:+--failed} "${results[@]}"
