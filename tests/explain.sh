#!/bin/sh
# tests/explain.sh SSRSTORE - `ssrstore explain` on the records in tests/explain: what it prints is compared with the
# files beside them (NAME.txt in UTF-8, NAME.ascii, NAME.json; NAME.stderr when there is one). With EXPLAIN_WRITE=1 those
# files are written instead.
set -u
tool=$1
cd "$(dirname "$0")/explain" || exit 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
unset NO_COLOR COLUMNS
passed=0
failed=0

# verdict NAME STATUS: counts a check whose exit status is given
verdict() {
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED $1"
    fi
}

# golden FILE: what is in $folder/out must be what is in FILE
golden() {
    if [ -n "${EXPLAIN_WRITE:-}" ]; then
        cp "$folder/out" "$1"
    fi
    diff -u "$1" "$folder/out"
    verdict "$1" $?
}

# explain STATUS LOCALE ARGUMENT...: stdout and stderr in $folder
explain() {
    status=$1 locale=$2
    shift 2
    LC_ALL=$locale "$tool" explain "$@" >"$folder/out" 2>"$folder/err" </dev/null
    code=$?
    if [ $code -ne "$status" ]; then cat "$folder/err"; fi
    [ $code -eq "$status" ]
    verdict "explain $*: exit status $code" $?
}

# no_control NAME: in what was printed no byte but line feeds, printable ASCII and UTF-8 from U+00A0 on
no_control() {
    ! LC_ALL=C tr -d '\n -~\200-\377' <"$folder/out" | grep -q . &&
        ! LC_ALL=C grep -q "$(printf '\302[\200-\237]')" "$folder/out" &&
        ! grep -q "$(printf '\342\200[\250-\256]')" "$folder/out"
    verdict "$1: no control characters" $?
}

# ---- What is printed ----

for log in settled queries cycle always_new query_chain converging ended no_verdict hostile odd many malformed; do
    status=0
    if [ $log = malformed ]; then status=1; fi
    explain "$status" C.UTF-8 $log.jsonl
    golden $log.txt
    no_control "$log.txt"
    if [ -e $log.stderr ] || [ -s "$folder/err" ]; then
        cp "$folder/err" "$folder/out"
        golden $log.stderr
    fi
    explain "$status" C.UTF-8 --json $log.jsonl
    golden $log.json
    # shellcheck disable=SC2094
    "$tool" canon <"$folder/out" 2>&1 | cmp - "$folder/out"
    verdict "$log.json is canonical" $?
    explain "$status" C.UTF-8 --html - $log.jsonl
    [ "$(tr -d '\n' <"$folder/out" | grep -o '</script' | wc -l)" -eq "$(tr -d '\n' <"$folder/out" | grep -o '<script' | wc -l)" ]
    verdict "$log: every script element ends where it should" $?
    ! LC_ALL=C tr -d '\n -\377' <"$folder/out" | grep -q .
    verdict "$log: no control characters in the page" $?
done

for log in settled queries many hostile; do
    explain 0 C $log.jsonl
    golden $log.ascii
    ! LC_ALL=C grep -q '[^ -~]' "$folder/out"
    verdict "$log.ascii has nothing but ASCII" $?
done

# The elements of a page are the same whatever its record says.
shape() { tr -d '\n' <"$folder/out" | grep -o '<[a-z/!][a-z0-9-]*' | sort | uniq -c; }
explain 0 C --html - settled.jsonl
shape >"$folder/shape"
explain 0 C --html - hostile.jsonl
shape | cmp - "$folder/shape"
verdict 'a hostile record adds no element' $?

# ---- One of many ----

explain 0 C.UTF-8 --record 2 many.jsonl
cmp "$folder/out" queries.txt
verdict '--record 2' $?
explain 0 C.UTF-8 --id c3 many.jsonl
cmp "$folder/out" cycle.txt
verdict '--id c3' $?
explain 1 C.UTF-8 --record 99 many.jsonl
grep -q 'has no such record' "$folder/err"
verdict '--record 99' $?
explain 0 C.UTF-8 --html "$folder/page.html" many.jsonl
[ ! -s "$folder/out" ] && grep -q '^<!doctype html>' "$folder/page.html" && tail -1 "$folder/page.html" | grep -q '^</html>'
verdict '--html FILE' $?

latin=$folder/$(printf 'caf\351').jsonl
cp settled.jsonl "$latin"
explain 0 C.UTF-8 --html - "$latin"
grep -q "\"source\":\".*/caf$(printf '\357\277\275')\\.jsonl\"" "$folder/out"
verdict 'a log whose name is no UTF-8' $?

# ---- The terminal ----

! LC_ALL=C COLUMNS=60 "$tool" explain queries.jsonl | awk 'length($0) > 60' | grep .
verdict 'COLUMNS=60 is kept' $?
if command -v script >/dev/null 2>&1; then
    in_terminal() { script -qec "$*" /dev/null </dev/null; }
    in_terminal env TERM=xterm "$tool" explain settled.jsonl | grep -q "$(printf '\033')\["
    verdict 'colours on a terminal' $?
    ! in_terminal env TERM=xterm NO_COLOR=1 "$tool" explain settled.jsonl | grep -q "$(printf '\033')"
    verdict 'none with NO_COLOR' $?
fi

# ---- Usage and streams ----

LC_ALL=C "$tool" explain <settled.jsonl | cmp - settled.ascii && LC_ALL=C "$tool" explain - <settled.jsonl | cmp - settled.ascii
verdict 'stdin' $?
explain 2 C --html
explain 2 C --json --html x
explain 2 C --record 0 settled.jsonl
explain 2 C --record x settled.jsonl
explain 2 C settled.jsonl many.jsonl
explain 2 C --what
explain 2 C "$folder/nothing.jsonl"
grep -q 'cannot read' "$folder/err"
verdict 'a log that is not there' $?
explain 2 C --html "$folder/no/page.html" settled.jsonl
explain 0 C /dev/null
[ "$(cat "$folder/out")" = '0 renders' ]
verdict 'an empty log' $?
if [ -w /dev/full ]; then
    for arguments in settled.jsonl many.jsonl '--json many.jsonl' '--html - many.jsonl' '--html /dev/full many.jsonl'; do
        # shellcheck disable=SC2086
        "$tool" explain $arguments >/dev/full 2>"$folder/err"
        [ $? -eq 2 ] && grep -q 'cannot write' "$folder/err"
        verdict "$arguments on a full disk" $?
    done
fi

# ---- Long lines and long logs ----

{
    printf '{"location":"/long","id":"'
    head -c 4300000 /dev/zero | tr '\0' x
    printf '"}\n'
    cat settled.jsonl
} >"$folder/long.jsonl"
LC_ALL=C.UTF-8 "$tool" explain "$folder/long.jsonl" >"$folder/out" 2>"$folder/err"
[ $? -eq 1 ] && [ "$(cat "$folder/err")" = "$folder/long.jsonl:1: too_large at byte 4194304: skipped" ] && cmp "$folder/out" settled.txt
verdict 'a line beyond 4 MiB' $?

# 100,000 records of which half are of routes that come but once. A sanitizer wants memory of its own.
awk 'FNR == NR { settled = $0; next } { queries = $0 } END {
    for (i = 0; i < 100000; i++) {
        line = i % 10 ? settled : queries
        sub(/"location":"[^"]*"/, i % 2 ? "\"location\":\"/page/" i "/x\"" : "\"location\":\"/page-" i "\"", line)
        print line
    }
}' settled.jsonl queries.jsonl >"$folder/many.jsonl"
limit=
if ! grep -qa '__asan_init\|__tsan_init' "$tool"; then limit=65536; fi
start=$(date +%s)
(
    # shellcheck disable=SC3045
    if [ -n "$limit" ]; then ulimit -v $limit; fi
    LC_ALL=C.UTF-8 exec "$tool" explain "$folder/many.jsonl" >"$folder/out" 2>"$folder/err"
)
verdict 'a log of 100,000 records' $?
echo "count: a log of 100,000 records, $(($(wc -c <"$folder/many.jsonl") / 1000000)) MB, in $(($(date +%s) - start)) s${limit:+ and 64 MiB of address space}"
grep -q '^100,000 renders$' "$folder/out" && grep -q '^  /page/:n/x  *50,000  *2 ' "$folder/out" &&
    grep -q '^  others, not told apart: 48,977$' "$folder/out"
verdict 'its summary' $?
"$tool" explain --html "$folder/page.html" "$folder/many.jsonl" 2>"$folder/err"
[ "$(grep -c '<script type="application/json" id="record-' "$folder/page.html")" -eq 2000 ] &&
    grep -q '"shown":2000,"source":".*","total":100000' "$folder/page.html"
verdict 'its page has the newest 2,000' $?

echo "explain: $passed passed, $failed failed"
[ $failed -eq 0 ]
