#!/bin/sh
# tests/samples.sh BUILD_DIR - the samples of the documents are true. Each fenced block has a mark in the line above it,
# an HTML comment that says what it is compared with; the table is in `verify` below. Shell samples without a mark are
# commands of this tree. Blocks that name no language are drawings. Also: each ./run command, each option of ./run demo
# and each preset that a document names exists.
set -u
export LC_ALL=C
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.." || exit 2
demo=$build/demo/ssrdemo tool=$build/tools/ssrstore
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0
documents="$(ls ./*.md docs/*.md | sed 's,^\./,,') client/README.md tests/scenarios/README.md"

# What may differ from run to run.
same() { sed -E -e 's/[0-9][0-9.]* ms/N ms/g' -e 's/\.c:[0-9]+/.c:N/g' -e 's/[0-9]* bytes, /N bytes, /g' -e 's/\<id [0-9a-f]{16}/id N/'; }

# The lines of a block (a line "  ..." stands for some that are left out) stand in what is on stdin, in this order.
in_order() { # BLOCK
    same >"$dir/printed"
    same <"$1" | awk -v printed="$dir/printed" '$0 == "  ..." { next }
        { shown++
          do { more = (getline line <printed) > 0 } while (more && line != $0)
          if (!more) { print "not printed, or not there: " $0; exit 1 } }
        END { if (!shown) exit 1 }'
}

# Cookies differ from run to run only where they are sealed; the commands of this document set none of those.
passes() { # BLOCK of lines "./run demo ARGS # N..."
    while IFS='#' read -r command expected; do
        arguments=${command#./run demo }
        # shellcheck disable=SC2086
        seen=$("$demo" $arguments 2>/dev/null </dev/null | sed -n 's/^X-Ssr-Passes: \([0-9]*\).*/\1/p')
        [ "$seen" = "$(echo "$expected" | grep -oE '^ *[0-9]+' | tr -d ' ')" ] || { echo "$command: $seen passes"; return 1; }
    done <"$1"
}

matches() { # BLOCK, EXTENDED REGULAR EXPRESSION
    printed=$(sh "$1")
    echo "$printed" | grep -xE "$2" >/dev/null || { echo "printed: $printed"; return 1; }
}

explained() { # PATHS of the demo: what the tool says of a log of these
    for path in "$@"; do
        "$demo" --log json --once "$path" 2>&1 >/dev/null </dev/null | grep '^{'
    done | "$tool" explain
}

types_of() { # BLOCK, BLOCK of definitions
    "$tool" types "$2" | in_order "$1"
}

# shellcheck disable=SC2086
verify() { # N, PLACE, LANGUAGE, MARK
    block=$dir/$1
    case "$3 $4" in
    '- -' | 'sh -') ;;
    *' file '*) awk -f tests/samples_piece.awk "$block" "${4#file }" || { echo "not in ${4#file }"; return 1; } ;;
    *' all of '*) diff "$block" "${4#all of }" ;;
    *' prints '*) "$build/demo/${4#prints }" | diff "$block" - ;;
    *' printed by '*) "$build/demo/${4#printed by }" | in_order "$block" ;;
    *' demo '*) "$demo" --once ${4#demo } 2>&1 >/dev/null </dev/null | in_order "$block" ;;
    *' explained '*) explained ${4#explained } | in_order "$block" ;;
    *' planted '*) (cd tests && SHOW=${4#planted } "$build/tests/test_verdict" 2>/dev/null) | in_order "$block" ;;
    'sh passes') passes "$block" ;;
    'sh matches '*) matches "$block" "${4#matches }" ;;
    'ts types of the next') types_of "$block" "$dir/$(($1 + 1))" ;;
    'json definitions') "$tool" types "$block" >/dev/null ;;
    # What runs a sample takes it out of the document itself, and says where that is.
    *' run by '*) grep -F "${2%%:*}" "${4#run by }" >/dev/null || { echo "${4#run by } does not name ${2%%:*}"; return 1; } ;;
    *) echo "a sample in $3 that nothing verifies: $4" && return 1 ;;
    esac
}

count() { # COMPLAINTS (empty: good), WHERE
    if [ -z "$1" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n%s\n' "$2" "$1"
    fi
}

# shellcheck disable=SC2086
awk -v dir="$dir" -f tests/samples.awk $documents >"$dir/list"
while read -r n place language mark; do
    complaints=$(verify "$n" "$place" "$language" "$mark" </dev/null 2>&1) && complaints= || complaints="${complaints:-differs}"
    count "$complaints" "$place: $mark"
done <"$dir/list"

# shellcheck disable=SC2086
count "$(grep -ohE '\./run [a-z]+' $documents | sort -u | while read -r _ command; do
    ./run help | grep -qE "^  $command " || echo "./run has no command $command"
done)" 'commands of ./run'
# shellcheck disable=SC2086
count "$(grep -ohE '\./run demo [^`#]*' $documents | grep -oE -e '--[a-z-]+' | sort -u | while read -r option; do
    "$demo" --help | grep -qE -e "^  $option( |\$)" || echo "ssrdemo has no $option"
done)" 'options of the demo'
# shellcheck disable=SC2086
count "$(grep -ohE -e '--preset [a-z]+' $documents | sort -u | while read -r _ preset; do
    grep -q "\"name\": \"$preset\"" CMakePresets.json || echo "no preset $preset"
done)" 'presets'

echo "count: $(wc -l <"$dir/list") samples in documents, $(awk '$3 == "-"' "$dir/list" | wc -l) of them drawings"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
