#!/bin/sh
# The demo's scripts against what its server defines: demo_types.sh SOURCE_DIR SSRDEMO. The declarations are those that
# `ssrdemo --types` prints.
set -u
source_dir=$1 ssrdemo=$2
passed=0 failed=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

expect() { # NAME WANTED GOT
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n  wanted: %s\n  got:    %s\n' "$1" "$2" "$3"
    fi
}

# compile SED_SCRIPT: the messages of the compiler, with the server's declarations changed by it
compile() {
    "$ssrdemo" --types | sed "$1" >"$work/server.d.ts"
    printf '{"extends":"%s/tsconfig.json","include":["%s/*.js","%s/*.jsx","server.d.ts"]}' \
        "$source_dir/demo/browser" "$source_dir/demo/browser" "$source_dir/demo/browser" >"$work/tsconfig.json"
    "$source_dir/client/node_modules/.bin/tsc" --pretty false --project "$work"
}

# The files in which the compiler finds errors.
complaints() { compile "$1" | sed -n 's/^.*\/\([a-z]*\.jsx\{0,1\}\)(.*/\1/p' | sort -u | tr '\n' ' '; }

expect "the scripts fit what the server defines" "" "$(compile '')"
expect "a title that became a number" "header.js stores.js " "$(complaints 's/"page.title": string/"page.title": number/')"
expect "crumbs of another shape" "header.js " "$(complaints 's/\[text: string, href: string | null\]/string/')"
expect "an idea without summary" "island.jsx " "$(complaints '/^    ideas:/s/summary: string; //')"
expect "a store that is gone" "navigation.js " "$(complaints '/page.description/d')"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
