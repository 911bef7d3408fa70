#!/bin/sh
# The house rules that a machine can check: SOURCE_DIR LIBRARY_ARCHIVE HELLO_PROGRAM.
# Prints what is broken, then the counts; exits 1 when a rule is broken.
set -u
source_dir=$1 archive=$2 hello=$3
cd "$source_dir" || exit 2
passed=0 failed=0

check() { # WHAT, OFFENDERS (empty: good)
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'broken: %s\n%s\n' "$1" "$2"
    fi
}

# Includes point downwards only: engine -> cookie -> ssrstore.
check 'ssrstore/ includes nothing above it' \
    "$(grep -nE '#include "(engine|cookie|demo|tests|tools|bench)/' ssrstore/*.[ch] ssrstore/*.def)"
check 'cookie/ includes nothing of engine/' "$(grep -nE '#include "(engine|demo|tests|tools|bench)/' cookie/*.[ch])"
check 'the library includes no program' "$(grep -nE '#include "(demo|tests|tools|bench)/' engine/*.[ch])"

# One file for each foreign header.
check 'only ssrstore/digest.c includes xxHash' \
    "$(grep -lE '#include <xxhash' -r ssrstore cookie engine | grep -v '^ssrstore/digest.c$')"
check 'only cookie/seal.c includes libsodium' \
    "$(grep -lE '#include <sodium' -r ssrstore cookie engine demo tools fuzz | grep -v '^cookie/seal.c$')"
check 'only ssrstore/cjson.h includes cJSON, for ssrstore/cjson_view.c' \
    "$(grep -lE '#include <cjson' -r ssrstore cookie engine | grep -v '^ssrstore/cjson.h$'
       grep -lE '#include "ssrstore/cjson.h"' -r ssrstore cookie engine | grep -v '^ssrstore/cjson_view.c$')"

# The core starts no thread, reads no clock, does no I/O, and never ends the process.
banned='pthread_create|thrd_create|clock_gettime|gettimeofday|time|clock|nanosleep|sleep|usleep|getrandom|rand|random'
banned="$banned|fopen|open|read|write|fread|fwrite|printf|puts|fputs|fprintf|socket|recv|send|getenv|exit|abort|_exit|qsort"
banned="$banned|setlocale|strtod|cJSON_[A-Za-z]*"
check 'the library needs no thread, clock, I/O, exit or locale' \
    "$(nm -u "$archive" | awk '{ print $NF }' | sort -u | grep -xE "($banned)(@.*)?")"
check 'every global symbol begins with ssr_' \
    "$(nm -g --defined-only "$archive" | awk 'NF == 3 { print $3 }' | grep -vE '^(ssr_|__odr_asan)')"
check 'no mutable global' "$(objdump -t "$archive" | grep -E '[[:space:]]O[[:space:]]+\.(data|bss)([[:space:]]|\.[^r])')"

# Functions: 60 lines at the most.
longest=$(awk 'FNR == 1 { start = 0 } /^[a-zA-Z].*\)$/ || /^ .*\)$/ { name = $0 } /^{/ { start = FNR }
    /^}/ && start { print FNR - start + 1, FILENAME ":" start; start = 0 }' ssrstore/*.c cookie/*.c engine/*.c engine/host/*.c demo/*.c demo/loops/*.c tools/*.c | sort -rn)
check 'no function is longer than 60 lines' "$(echo "$longest" | awk '$1 > 60')"
echo "count: $(echo "$longest" | wc -l) functions, median $(echo "$longest" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }') lines, longest $(echo "$longest" | head -1)"

# The README shows the program that was built, and what it prints.
check 'the program in README.md is demo/hello.c' \
    "$(awk '/^```c$/ { on = 1; next } /^```$/ { if (on) exit } on' README.md | diff - demo/hello.c)"
check 'the output in README.md is what it prints' \
    "$("$hello" >/tmp/hello.$$ && awk '/^```text$/ { on = 1; next } /^```$/ { if (on) exit } on' README.md | diff - /tmp/hello.$$; rm -f /tmp/hello.$$)"
check 'the code in docs/components.md is from demo/components.c' \
    "$(awk '/^```c$/ { on = 1; next } /^```$/ { if (on) exit } on' docs/components.md >/tmp/components.$$
       awk '/^int main/ { exit } /^static ssr_store/ { on = 1 } on { if (held) print line; line = $0; held = 1 }' \
           demo/components.c | diff /tmp/components.$$ -; rm -f /tmp/components.$$)"
check 'docs/components.md says what it prints' \
    "$(grep -qF "$("${hello%hello}components" | tail -1)" docs/components.md || echo "it does not")"
check 'demo/hello.c has at most 30 lines' "$(awk 'END { if (NR > 30) print NR }' demo/hello.c)"

# docs/phases.md is the table of phases.def.
check 'docs/phases.md lists each call with its phases' "$(sed -n 's/^SSR_CALL(\([A-Z_]*\), "\([a-z_]*\)", \(.*\))$/\2 \3/p' ssrstore/phases.def |
    while read -r call phases; do
        render=no init=no
        case $phases in *SSR_RENDER*) render=yes ;; esac
        case $phases in *SSR_INIT*) init=yes ;; esac
        grep -qE "^\| .?$call.*\| *$render *\| *$init *\|" docs/phases.md || echo "$call: render $render, init $init"
    done)"
check 'docs/errors.md lists each status' "$(sed -n 's/^SSR_STATUS([A-Z0-9_]*, "\([a-z0-9_]*\)".*/\1/p' ssrstore/status.def |
    while read -r name; do grep -q "^| \`$name\`" docs/errors.md || echo "$name"; done)"

# Links of the documents resolve.
check 'links resolve' "$(grep -oE '\]\([^)#]+' README.md docs/*.md | while IFS= read -r link; do
        file=${link%%:*} target=${link#*\](}
        case $target in http*) continue ;; esac
        [ -e "$(dirname "$file")/$target" ] || echo "$file: $target"
    done)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
