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

check 'a branch that coverage leaves out says why: GCOVR_EXCL_...: reason' \
    "$(grep -nE '(COV|COVR)_EXCL_' -r ssrstore cookie engine --include='*.[ch]' |
        grep -vE 'GCOVR_EXCL_(BR_)?(STOP|(LINE|START): [^ ]+ [^ ]+ [^ ]+)')"

# The samples of the documents are compared by tests/samples.sh.
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

check 'docs/tuning.md has a row for each limit, and tests/test_limits.c a case' \
    "$(sed -n '/^typedef struct ssr_limits {/,/^}/s/^    uint64_t \([a-z_]*\);.*/\1/p' engine/engine.h |
    while read -r field; do
        grep -q "^| \`$field\` | [0-9]" docs/tuning.md || echo "$field: no row"
        grep -q "LIMIT($field, " tests/test_limits.c || echo "$field: no case"
    done)"

check 'engine/states.def agrees with its drawing' "$(awk -f docs/api/states.awk engine/states.def 2>&1 >/dev/null)"
check 'a wrong arrow in the drawing is found' "$(sed 's/--> judge --> load /--> judge --> ended/' engine/states.def |
    awk -f docs/api/states.awk - >/dev/null 2>&1 && echo 'it is not')"

# Links of the documents resolve, with their anchors: a heading as GitHub names it.
anchors() { # DOCUMENT
    awk '/^ *```/ { inside = !inside }
        !inside && /^#+ / { sub(/^#+ /, ""); name = tolower($0); gsub(/[^a-z0-9_ -]/, "", name); gsub(/ /, "-", name)
            print name (seen[name]++ ? "-" seen[name] - 1 : "") }' "$1"
}
links() { # DOCUMENTS: complaints
    grep -oE '\]\([^)]+' "$@" /dev/null | while IFS= read -r link; do
        document=${link%%:*} target=${link#*\](}
        case $target in http*) continue ;; esac
        file=${target%%#*} anchor=
        case $target in *#*) anchor=${target#*#} ;; esac
        [ -n "$file" ] && file=$(dirname "$document")/$file || file=$document
        [ -e "$file" ] || { echo "$document: $target" && continue; }
        [ -z "$anchor" ] || anchors "$file" | grep -qxF -e "$anchor" || echo "$document: $target: no such heading"
    done
}
check 'links resolve' "$(links ./*.md docs/*.md client/*.md tests/scenarios/*.md fuzz/*.md)"
planted=$(mktemp)
printf '# A b\n[1](#a-b) [2](#a-c) [3](none.md) [4](%s#a-b)\n' "$(basename "$planted")" >"$planted"
check 'a link that leads nowhere is found' "$(links "$planted" | awk 'END { if (NR != 2) print NR " of 2" }')"
rm -f "$planted"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
