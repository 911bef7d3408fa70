#!/bin/sh
# Runs everything that `./run test` has built, and ends with the counts of what ran.
set -u
cd "$(dirname "$0")/.."

failed=0
programs=0
checks=0

# Runs the tests of one build: PRESET [CTEST ARGUMENTS...]
run_build() {
    preset=$1
    shift
    echo "== $preset"
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error "$@" </dev/null || failed=$((failed + 1))
    log=build/$preset/Testing/Temporary/LastTest.log
    ran=$(grep -c '^Command: ' "$log")
    # cmocka ends a group with "[  PASSED  ] N test(s)."; scripts end with "N passed, M failed".
    counted=$(sed -n -e 's/^\[  PASSED  \] \([0-9]*\) test(s).*/\1/p' -e 's/^\(.*: \)\{0,1\}\([0-9]*\) passed, [0-9]* failed.*/\2/p' "$log" |
        awk '{ sum += $1 } END { print sum + 0 }')
    programs=$((programs + ran))
    checks=$((checks + counted))
    sed -n 's/^count: \(.*\)/   \1/p' "$log"
}

export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
run_build asan -LE house
run_build tsan -R '^(test_(threads|shared_threads|isolation|isolation_lua|host|waker.*|lua)|demo|demo_lua|demo_cookies|demo_live|demo_leak)$'
run_build release -L 'demo|house|package'
run_build release -R '^test_isolation$'

echo
echo "$programs test programs run, in builds with ASan+UBSan, TSan and -O3; $failed builds with failures"
echo "$checks passed, $failed failed"
[ "$failed" -eq 0 ]
