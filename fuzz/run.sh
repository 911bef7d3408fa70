#!/bin/sh
# fuzz/run.sh SECONDS [TARGET...] - what `./run fuzz` runs once build/fuzz is built: each target, or those named, for so
# long. New inputs are kept in build/fuzz/work/TARGET and taken up by the next run; what ends a target goes to
# build/fuzz/found. Prints a line for each, then the sum; exits 1 when something was found.
set -u
cd "$(dirname "$0")/.."
programs=build/fuzz/fuzz
seconds=${1:-}
case $seconds in '' | *[!0-9]* | 0) echo "usage: ./run fuzz SECONDS [TARGET...]" >&2 && exit 2 ;; esac
shift
if [ $# -eq 0 ]; then
    for program in "$programs"/fuzz_*; do
        if [ -x "$program" ]; then set -- "$@" "${program#"$programs"/fuzz_}"; fi
    done
fi
[ $# -gt 0 ] || { echo "fuzz: no targets in $programs" >&2 && exit 2; }

# statistic LOG NAME: what libFuzzer says of it at the end, or 0
statistic() {
    awk -v name="stat::$2:" '$1 == name { value = $2 } END { print value + 0 }' "$1"
}

executions=0 targets=0 failed=0
mkdir -p build/fuzz/found
for target in "$@"; do
    program=$programs/fuzz_$target log=build/fuzz/$target.log work=build/fuzz/work/$target
    [ -x "$program" ] || { echo "fuzz: no target $target" >&2 && exit 2; }
    mkdir -p "$work"
    "$program" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/found/$target-" "$work" "fuzz/corpus/$target" >"$log" 2>&1 </dev/null
    status=$?
    ran=$(statistic "$log" number_of_executed_units)
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
    echo "$target: $ran executions, ${edges:-0} edges covered, $(statistic "$log" new_units_added) new inputs"
    executions=$((executions + ran)) targets=$((targets + 1))
    [ $status -eq 0 ] && continue
    failed=$((failed + 1))
    found=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
    grep -m 3 -E 'does not hold|^SUMMARY|runtime error|^==[0-9]*== *ERROR' "$log"
    echo "$target: found ${found:-something, see $log}
    again:    $program ${found:-...}
    smaller:  $program -minimize_crash=1 -runs=100000 ${found:-...}
    keep it:  cp ${found:-...} fuzz/corpus/$target/found_WHAT"
done
echo "count: $executions fuzz executions over $targets targets"
echo "$((targets - failed)) passed, $failed failed"
[ $failed -eq 0 ]
