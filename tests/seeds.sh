#!/bin/sh
# Checks docs/seeds.md, the table of what the source documents say: SOURCE_DIR. Each test that it names exists and is
# run, each C call stands in a public header, each heading has a row under its document and each row a test. Rows that
# say **open** are counted. Prints what is broken, then the counts; exits 1 when something is.
set -u
cd "$1" || exit 2
table=docs/seeds.md
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # WHAT, OFFENDERS (empty: good)
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'broken: %s\n%s\n' "$1" "$2"
    fi
}

# The rows as "DOCUMENT<TAB>HEADING<TAB>SHOWN BY", and the list of headings as "DOCUMENT<TAB>HEADING".
awk -F ' *[|] *' '/^## /{ document = substr($0, 4) }
    document == "What cannot apply to C" { exit }
    /^[|]/ && $2 != "heading" && $2 !~ /^-+$/ { print document "\t" $2 "\t" $6 }' "$table" >"$work/rows"
awk '/^## Headings/{ on = 1 } on && /^[^-].*:$/{ document = substr($0, 1, length($0) - 1) }
    on && /^- / { print document "\t" substr($0, 3) }' "$table" >"$work/headings"
cut -f 1,2 "$work/rows" | sort -u >"$work/with_rows"
sort "$work/headings" >"$work/sorted"
check 'each heading has a row' "$(comm -13 "$work/with_rows" "$work/sorted")"
check 'each row has a heading of the list' "$(comm -23 "$work/with_rows" "$work/sorted")"
check 'no heading is listed twice' "$(uniq -d "$work/sorted")"
check 'there are three documents' "$(cut -f 1 "$work/headings" | sort -u | awk 'END { if (NR != 3) print NR }')"
check 'each row names a test, or is open' "$(cut -f 3 "$work/rows" | grep -n -vE '^`.*`$|^\*\*open\*\*$')"

# What the last column names, one a line, without its backquotes.
cut -f 3 "$work/rows" | grep -o '`[^`]*`' | tr -d '`' | sort -u >"$work/tests"

missing() { # TEST; answers its name when it does not exist or is not run
    file=${1%%:*} name=${1#*:}
    case $1 in
    test_*.c:*) grep -qsE "cmocka_unit_test[a-z_]*\(${name}[,)]" "tests/$file" && grep -q "ssr_test(.* $file" tests/CMakeLists.txt ;;
    *.txt) [ -e "tests/scenarios/$1" ] ;;
    *.test.mjs:*) grep -E "^ *test\(" "client/test/$file" 2>/dev/null | grep -qF "$name" ;;
    *.sh) [ -e "tests/$1" ] ;;
    types/*) [ -e "client/test/$1" ] ;;
    *) false ;;
    esac || echo "$1"
}
check 'each test that is named exists' "$(while IFS= read -r test; do missing "$test"; done <"$work/tests")"

cat ssrstore/*.h cookie/*.h engine/*.h engine/host/*.h >"$work/public"
check 'each C call stands in a header' "$(grep -o '`ssr_[a-z0-9_.]*`' "$table" | tr -d '`' | sort -u |
    while IFS=. read -r name member; do
        grep -qw "$name" "$work/public" && { [ -z "$member" ] || grep -qw "$member" "$work/public"; } || echo "$name.$member"
    done)"

echo "count: $(wc -l <"$work/rows") statements of $(wc -l <"$work/headings") headings, shown by $(wc -l <"$work/tests") tests;" \
    "$(grep -c '\*\*open\*\*$' "$work/rows") open"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
