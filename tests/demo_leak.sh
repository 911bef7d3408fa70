#!/bin/sh
# tests/demo_leak.sh SSRDEMO - what /leak shows of the race of two visitors: a global leaks, a shared store refuses to,
# a context store is safe; in C and as a template, each time anew, and also for many visitors of the page at once.
set -u
export LC_ALL=C

demo=$1
. "$(dirname "$0")/demo_expect.sh"

# section TITLE: that part of the page
section() { sed -n "/<h2>$1<\/h2>/,/<\/section>/p" "$dir/body"; }

# sent TITLE VISITOR: the name that the visitor was greeted with there, and the basket
sent() {
    section "$1" | sed -n "s|^<div><dt>$2 is sent</dt><dd>Welcome back, \(.*\)! In your basket: \(.*\)\.</dd></div>\$|\1, \2|p"
}

# line TITLE CLASS
line() { section "$1" | sed -n "s|^<p class=\"$2\">\(.*\)</p>\$|\1|p"; }

# shows NAME: the three pairs in $dir/body
shows() {
    expect "$1: three pairs" 3 "$(grep -c '^<section>$' "$dir/body")"
    expect "$1: the global shows Alice Bob" "Bob, three apples" "$(sent 'A plain C global' Alice)"
    expect "$1: the global shows Bob himself" "Bob, one pear" "$(sent 'A plain C global' Bob)"
    expect "$1: the global is shown as leaking" "Leaked: Alice was sent Bob’s name." \
        "$(line 'A plain C global' 'did leaks')"
    expect "$1: the shared store knows nobody (Alice)" "nobody, three apples" "$(sent 'A shared store' Alice)"
    expect "$1: the shared store knows nobody (Bob)" "nobody, one pear" "$(sent 'A shared store' Bob)"
    expect "$1: the shared store refuses" "Refused, both times: nobody sees anybody." "$(line 'A shared store' did)"
    expect "$1: the refusal names store, place and remedy" \
        'shared store "user" was written at race.c:N inside page "/basket": every visitor would see it; use a context store, or say writable_in_render if that is meant' \
        "$(line 'A shared store' refusal | sed -e 's/&quot;/"/g' -e 's/:[0-9][0-9]* inside/:N inside/')"
    expect "$1: the context store shows Alice herself" "Alice, three apples" "$(sent 'A context store' Alice)"
    expect "$1: the context store shows Bob himself" "Bob, one pear" "$(sent 'A context store' Bob)"
    expect "$1: the context store is safe" "Safe: everybody sees their own name." "$(line 'A context store' did)"
    expect "$1: one of them leaks, one refuses" "1, 1" \
        "$(grep -c 'class="did leaks"' "$dir/body"), $(grep -c 'class="refusal"' "$dir/body")"
}

# once NAME PATH PASSES [FLAG...]
once() {
    name=$1
    path=$2
    wanted=$3
    shift 3
    "$demo" --log off --once "$path" "$@" >"$dir/out"
    sed '1,/^$/d' "$dir/out" >"$dir/body"
    expect "$name: answer" "HTTP/1.1 200 OK, $wanted passes, settled, private, no-store" \
        "$(sed -n 1p "$dir/out"), $(sed -n 's/^X-Ssr-Passes: //p' "$dir/out") passes, \
$(sed -n 's/^X-Ssr-Outcome: //p' "$dir/out"), $(sed -n 's/^Cache-Control: //p' "$dir/out")"
    shows "$name"
}

once "in C" /leak 2
grep -v '^Content-Length' "$dir/out" >"$dir/c"
once "as a template" /lua/leak 2
grep -v '^Content-Length' "$dir/out" | sed 's|/lua||g' >"$dir/lua"
expect "the same bytes, C and Lua" "same" "$(cmp -s "$dir/c" "$dir/lua" && echo same)"
once "prefetched" /leak 1 --prefetch-loaders
once "the same after all caps" /leak 2 --allowed-rerenders-count 0

# ---- Many at once: the races share one global, and still none disturbs another ----

: >"$dir/address"
"$demo" --port 0 --log off >"$dir/address" 2>"$dir/err" &
server=$!
tries=0
until grep -q http "$dir/address" || [ $tries -eq 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
url=$(sed -n 's|.*\(http://[0-9.:]*\)/.*|\1|p' "$dir/address")
for i in 1 2 3 4 5 6 7 8; do
    curl -s -m 20 "$url/leak?[1-20]" -o "$dir/c.$i.#1" &
    curls="${curls:-} $!"
    curl -s -m 20 "$url/lua/leak?[1-20]" -o "$dir/lua.$i.#1" &
    curls="$curls $!"
done
for each in $curls; do wait "$each"; done
expect "many at once: in C" "160 times 1" \
    "$(for file in "$dir"/c.*.*; do cksum <"$file"; done | sort | uniq -c | awk '{ n += $1; kinds++ } END { print n, "times", kinds }')"
expect "many at once: as a template" "160 times 1" \
    "$(for file in "$dir"/lua.*.*; do cksum <"$file"; done | sort | uniq -c | awk '{ n += $1; kinds++ } END { print n, "times", kinds }')"
cp "$dir/c.8.20" "$dir/body"
shows "many at once"
kill "$server"
wait "$server"
expect "the server ends in good order" "exit 0, 0 bytes logged" "exit $?, $(wc -c <"$dir/err" | tr -d ' ') bytes logged"
server=

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
