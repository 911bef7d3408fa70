#!/bin/sh
# clang-tidy and cppcheck over the library and the programs, with the flags of build/dev: ./run lint. What is switched off
# has its reason in .clang-tidy and tests/cppcheck.txt. What was clean has a stamp and is not looked at again until it, a
# header, the flags or .clang-tidy are newer; cppcheck keeps such a memory itself.
set -u
cd "$(dirname "$0")/.."
commands=build/dev/compile_commands.json
stamps=build/lint
folders='ssrstore cookie engine tools demo'

# One file: in one process clang-tidy forgets from file to file what it knew of va_start.
if [ "${1-}" = --file ]; then
    stamp=$stamps/$(echo "$2" | tr / _)
    [ "$stamp" -nt "$2" ] && [ "$stamp" -nt "$stamps/shared" ] && exit 0
    touch "$stamp.begun"
    found=$(clang-tidy -p build/dev --quiet "$2" 2>/dev/null) && mv "$stamp.begun" "$stamp" && exit 0
    printf '%s\n' "${found:-clang-tidy could not read $2}"
    exit 1
fi

mkdir -p "$stamps/cppcheck"
# shellcheck disable=SC2086
newest=$(ls -t .clang-tidy "$commands" $(find $folders -name '*.h' -o -name '*.def') | head -n 1)
[ "$stamps/shared" -nt "$newest" ] || touch "$stamps/shared"

passed=0 failed=0
# shellcheck disable=SC2086
find $folders -name '*.c' | sort >"$stamps/files"
if xargs -P "$(nproc)" -n 1 sh tests/lint.sh --file <"$stamps/files"; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
if cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,performance,portability,style --error-exitcode=1 \
    --cppcheck-build-dir="$stamps/cppcheck" --suppressions-list=tests/cppcheck.txt --relative-paths="$PWD" \
    --project="$commands" -i build -i tests -i bench; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
echo "count: $(wc -l <"$stamps/files") files looked at by clang-tidy and cppcheck"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
