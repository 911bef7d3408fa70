#!/bin/sh
# The pages of the demo as Lua templates against the same pages in C: SSRDEMO. But for the "/lua" of their addresses
# and for chance and time, the answers are the same to the byte, with the same status, headers, passes and outcome.
set -u
ssrdemo=$1
passed=0 failed=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

# What differs from run to run or by address; the body's length with it.
level() {
    sed -E -e 's#/lua##g' -e 's#(here it was <code>)[0-9]+(.*the dice showed <code>)[0-9]#\1N\2N#' -e '/^Content-Length: /d'
}

compare() { # PATH [ARGUMENTS...]
    path=$1
    shift
    "$ssrdemo" --log off "$@" --once "$path" | level >"$work/c"
    "$ssrdemo" --log off "$@" --once "/lua$path" | level >"$work/lua"
    if [ -s "$work/c" ] && diff "$work/c" "$work/lua"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "differs: /lua$path $*"
    fi
}

for path in / /ideas /ideas/1 /ideas/99 /island /chain /override /unstable /flip /broken /old /nowhere '/ideas?x=<script>'; do
    compare "$path"
    compare "$path" --prefetch-loaders
    compare "$path" --max-query-passes 0
    compare "$path" --allowed-rerenders-count 1
done

for path in /theme '/theme?set=dark' '/theme?set=pink' /sign-in /account /leak /cookies /cookies/set /cookies/unstable \
    /cookies/from-store /cookies/to-store /cookies/set-delete /cookies/delete-set /cookies/delete /cookies/no /sign-out; do
    compare "$path"
    compare "$path" --cookie 'theme=dark; biscuit=%3Cginger%3E; session=x; flash=y'
    compare "$path" --behind-tls --cookie 'theme="dark"' --cookie biscuit=
    compare "$path" --allowed-rerenders-count 0
done

for count in 7 -1 '%22%3Cb%3E%22' nonsense; do
    compare /ideas --cookie "likes=$count"
    compare /island --cookie "likes=$count" --island "$0"
done

# The stores' names, the values and the writers are the templates'.
check() { # WHAT, 0 for yes
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "broken: $1"; fi
}

"$ssrdemo" --log json --once /lua/override >/dev/null 2>"$work/log"
grep -q 'parts.html:' "$work/log"
check 'the log names the template that set a store' $?
"$ssrdemo" --log off --once /lua | grep -q '<a href="/lua/ideas"'
check '/lua is the start page, and links stay under /lua' $?

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
