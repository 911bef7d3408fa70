#!/bin/sh
# Runs everything that `./run test` has built, and ends with the figures of what ran: run.sh [--full | --share NAME].
# `run.sh --usable ARGUMENTS` only says whether it would take them, before anything is built.
#
# --full adds all the shares of the table below, --share one of them: by its name, or by a number that is counted round the
# table, as .ci/run does. `--only NAME` runs a share and nothing else. To add a share is to add a line.
set -u
cd "$(dirname "$0")/.."

# Threads and clocks mean nothing below valgrind.
not_below_valgrind='threads|isolation|host|waker'

# NAME      COMMAND, of 15 minutes at the most on two cores
shares='
lint        run_script ./run lint
clang       ./run build asan-clang && run_build asan-clang -LE house
valgrind    ./run build valgrind && run_build valgrind -j "$(nproc)" -R ^test_ -E "$not_below_valgrind"
fuzz        run_script ./run fuzz 60
fire        run_script build/release/tests/fire build/release/demo/ssrdemo full
isolation   run_programs build/asan/tests/test_isolation build/tsan/tests/test_isolation -- 100000
coverage    run_script ./run coverage
faults      run_script ./run faults
sweep       export SSR_SWEEP=40 SSR_SWEEP_SEED="$(date +%j)" && run_build asan -j "$(nproc)" -L sweep
'

# ---- Running ---------------------------------------------------------------------------------------------------------

failed=0
programs=0
checks=0
began=$(date +%s)
counts=build/counts.txt # every line "count: NUMBER WHAT ..." of what ran

# Adds up a log. cmocka ends a group with "[  PASSED  ] N test(s)."; scripts end with "N passed, M failed".
count_log() { # LOG
    counted=$(sed -n -e 's/^\[  PASSED  \] \([0-9]*\) test(s).*/\1/p' -e 's/^\(.*: \)\{0,1\}\([0-9]*\) passed, [0-9]* failed.*/\2/p' "$1" |
        awk '{ sum += $1 } END { print sum + 0 }')
    checks=$((checks + counted))
    grep '^count: ' "$1" >>"$counts"
    sed -n -e '/^count: [0-9]* assertions$/d' -e '/^count: [0-9]* allocation failures injected in /d' -e 's/^count: \(.*\)/   \1/p' "$1"
}

# The tests of one build.
run_build() { # PRESET [CTEST ARGUMENTS...]
    preset=$1
    shift
    echo "== $preset"
    ctest --test-dir "build/$preset" --output-on-failure --no-tests=error "$@" </dev/null || failed=$((failed + 1))
    log=build/$preset/Testing/Temporary/LastTest.log
    programs=$((programs + $(grep -c '^Command: ' "$log")))
    count_log "$log"
}

run_script() { # COMMAND [ARGUMENTS...]
    echo "== $*"
    "$@" >build/script.log 2>&1 </dev/null || { failed=$((failed + 1)) && cat build/script.log; }
    programs=$((programs + 1))
    count_log build/script.log
}

# The same arguments for each program.
run_programs() { # PROGRAM... -- [ARGUMENTS...]
    list=
    while [ "$1" != -- ]; do
        list="$list $1"
        shift
    done
    shift
    for program in $list; do
        run_script "$program" "$@"
    done
}

# ---- Shares ----------------------------------------------------------------------------------------------------------

share_names() { echo "$shares" | awk 'NF { print $1 }'; }

# The name of share NAME, or of share NUMBER counted round the table.
find_share() {
    case $1 in
    *[!0-9]* | '') share_names | grep -xF -e "$1" ;;
    *) share_names | awk -v number="$1" '{ name[NR] = $0 } END { print name[number % NR + 1] }' ;;
    esac
}

run_share() { # NAME
    started=$(date +%s)
    echo
    echo "share $1"
    eval "$(echo "$shares" | awk -v name="$1" '$1 == name { $1 = ""; print }')" || failed=$((failed + 1))
    echo "   $(($(date +%s) - started)) s"
}

run_daily() {
    run_build asan -LE house
    run_build tsan -R '^(test_(threads|shared_threads|isolation|isolation_lua|host|waker.*|lua)|demo|demo_lua|demo_cookies|demo_live|demo_leak)$'
    run_build release -L 'demo|fire|house|package'
    run_build release -R '^test_isolation$'
}

# ---- Figures ---------------------------------------------------------------------------------------------------------

# The sum of what stands before WHAT in the lines of `counts`; nothing when nothing does.
figure() { # WHAT
    awk -v what="$1" 'match($0, "[0-9]+ " what) { sum += substr($0, RSTART); n++ } END { if (n) print "   " sum, what }' "$counts"
}

# Lines that are neither blank nor comment.
lines_of() { # PATTERN FOLDER...
    pattern=$1
    shift
    find "$@" -name node_modules -prune -o -type f -print | grep -E "$pattern" | tr '\n' '\0' | xargs -0 cat | awk '
        /^[ \t]*\/\*/ { is_comment = 1 }
        is_comment { if (/\*\//) is_comment = 0; next }
        NF && !/^[ \t]*(\/\/|#( |!|$))/ { lines++ }
        END { print lines + 0 }'
}

figures() {
    figure assertions
    figure 'allocation failures injected'
    figure 'scenarios compared'
    figure 'fuzz executions'
    figure 'fuzz inputs replayed'
    figure 'answers under fire compared'
    sed -n 's/^count: \(.*branches.*\)/   \1/p' "$counts"
    code=$(lines_of '\.(c|h|def|js|ts|lua)$' ssrstore cookie engine tools demo client/src)
    tests=$(lines_of '\.(c|h|sh|mjs|js|ts)$|/scenarios/.*\.txt$' tests fuzz client/test)
    echo "   $(echo "$tests $code" | awk '{ printf "%.2f", $1 / $2 }') lines of test for each line of code ($tests for $code)"
    echo "   $(($(date +%s) - began)) s"
}

# ---- What is asked for -----------------------------------------------------------------------------------------------

unusable() {
    echo "usage: ./run test [--full | --share NAME | --only NAME]; NAME is a number or one of:" $(share_names) >&2
    exit 2
}

is_asking=false
if [ "${1-}" = --usable ]; then
    is_asking=true
    shift
fi
case ${1-} in
'') chosen= ;;
--full) chosen=$(share_names) ;;
--share | --only) chosen=$(find_share "${2-}") || unusable ;;
*) unusable ;;
esac
! $is_asking || exit 0

mkdir -p build
: >"$counts"
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
[ "${1-}" = --only ] || run_daily
for share in $chosen; do
    run_share "$share"
done

echo
figures
echo "$programs test programs run; $failed of the above with failures"
echo "$checks passed, $failed failed"
[ "$failed" -eq 0 ]
