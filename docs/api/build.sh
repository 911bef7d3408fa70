#!/bin/sh
# The headers as HTML pages in build/docs/html, with the states of a render as a diagram; any warning is an error. Needs
# doxygen and dot.
set -eu
cd "$(dirname "$0")/../.."
out=build/docs
rm -rf "$out" && mkdir -p "$out"

SSR_VERSION=$(sed -n 's/^project(ssrstore VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
headers=$(sed -n '/^set(SSR_HEADERS/,/)/p' packaging/install.cmake | grep -oE '[a-z/_]+\.h\b')
SSR_HEADERS=$(for header in $headers; do basename "$header"; done | tr '\n' ' ')
export SSR_VERSION SSR_HEADERS

# Of the comment that opens a header: what stands between "NAME.h - " and the first full stop.
title() {
    awk '{ text = text " " $0 } /\*\// { exit } END {
        gsub(/ \* | \*\/|\/\*|`/, " ", text)
        sub(/^[^-]* - /, "", text)
        sub(/\. .*/, ".", text)
        print text
    }' "$1"
}

awk -f docs/api/states.awk engine/states.def >"$out/states.dot"
{
    echo '/** @mainpage ssrstore'
    awk -f docs/api/filter.awk engine/ssr.h | awk '/^\*\// { exit } NR > 2'
    echo '@section headers The headers'
    echo '<dl>'
    for header in $headers; do printf '<dt>%s</dt><dd>%s</dd>\n' "$header" "$(title "$header")"; done
    echo '</dl>'
    echo '@section states The states of a render'
    echo 'One call of ssr_render_step() runs them in turn until one has run a pass, waits, or the render has ended.'
    echo '@dotfile states.dot'
    echo '*/'
} >"$out/main.dox"

if ! doxygen docs/api/Doxyfile >"$out/log" 2>&1; then
    cat "$out/log" >&2
    exit 1
fi
echo "build/docs/html/index.html: $(find "$out/html" -name '*.html' | wc -l) pages"
