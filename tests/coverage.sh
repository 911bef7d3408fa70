#!/bin/sh
# Runs the test programs of build/coverage and tells which branches of ssrstore/, cookie/ and engine/ they take: the
# lines with a branch that was not taken, then a table. Exits 1 when there is one. The line of a branch that no test can
# take is marked GCOVR_EXCL_BR_LINE in the code, with the reason after a colon.
set -u
cd "$(dirname "$0")/.."
build=build/coverage

# Runs test programs, but for those that take their time and nothing new with it: VARIABLE=VALUE PATTERN
run_tests() {
    env "$1" ctest --test-dir $build --output-on-failure --no-tests=error -j2 -R '^test_' -E "^test_($2)\$" \
        >$build/tests.log 2>&1 </dev/null
}

find $build -name '*.gcda' -delete
run_tests LC_ALL=C isolation || {
    cat $build/tests.log
    exit 1
}
# Once more with allocations failing (tests/sweep.h); what that finds is told by the tests themselves.
run_tests SSR_SWEEP_RUN=1 'isolation|isolation_lua|shared_threads|scenarios|allocation|host|patch|draft|lua|number|json' || :

# Two files are built a second time in another way (tests/CMakeLists.txt), with functions of one name on different
# lines. gcovr 5 asserts that there are none such; later ones have an option.
separate=
if gcovr --help | grep -q merge-mode-functions; then separate=--merge-mode-functions=separate; fi
PYTHONOPTIMIZE=1 gcovr --root . --filter '(ssrstore|cookie|engine)/' --branches --txt $build/branches.txt \
    --csv $build/branches.csv $separate $build || exit 2

awk '$1 ~ /\.[ch]$/ && $2 > $3 { count = split($5, lines, ","); for (i = 1; i <= count; i++) print $1, lines[i] }' \
    $build/branches.txt | while read -r file line; do
    printf '%s:%s:%s\n' "$file" "$line" "$(sed -n "${line}p" "$file")"
done

awk -F, 'NR > 1 { folder = $1; sub("/[^/]*$", "", folder); total[folder] += $5; taken[folder] += $6; all += $5; hit += $6 }
    END {
        for (folder in total) printf "%-12s %5d of %5d branches\n", folder, taken[folder], total[folder] | "sort"
        close("sort")
        printf "%-12s %5d of %5d branches\n", "all", hit, all
        printf "count: %d of %d branches covered\n", hit, all
        exit hit < all
    }' $build/branches.csv
failed=$?
echo "count: $(grep -rE 'GCOVR_EXCL_[A-Z_]*(LINE|START)' ssrstore cookie engine --include='*.[ch]' | wc -l) exceptions, each with its reason in the code"
exit $failed
