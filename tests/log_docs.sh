#!/bin/sh
# tests/log_docs.sh DOCUMENT SSRDEMO TEST_VERDICT - each record in the document is what its command prints, line numbers,
# sizes and times aside. A line "  ..." stands for lines left out.
set -u
export LC_ALL=C
document=$1 demo=$2 verdict=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0

# The commands in order, one a line; and the n-th block of the document.
commands() { sed -n 's/^<!-- \(.*\) -->$/\1/p' "$document"; }
block() { awk -v wanted="$1" '/^<!-- .* -->$/ { n++ } /^```$/ { on = 0 } on && n == wanted { print } /^```text$/ { on = 1 }' "$document"; }

# What may differ from run to run.
same() { sed -e 's/[0-9][0-9.]* ms/N ms/g' -e 's/\.c:[0-9]*/.c:N/g' -e 's/[0-9]* bytes, /N bytes, /g'; }

run() { # KIND ARGUMENT
    case $1 in
    demo) "$demo" --once "$2" 2>&1 >/dev/null ;;
    planted) SHOW=$2 "$verdict" 2>/dev/null ;;
    esac
}

commands >"$dir/commands"
n=0
while IFS=' ' read -r kind argument; do
    n=$((n + 1))
    run "$kind" "$argument" </dev/null | same >"$dir/printed"
    block $n | grep -vxF '  ...' | same >"$dir/shown"
    if [ -s "$dir/shown" ] && ! grep -vxFf "$dir/printed" "$dir/shown" >"$dir/wrong"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $kind $argument: not printed:"
        cat "$dir/wrong"
    fi
done <"$dir/commands"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$n" -gt 0 ]
