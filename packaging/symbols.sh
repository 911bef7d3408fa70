#!/bin/sh
# What the shared libraries export: symbols.sh check|update BUILD_DIR
#
#   check    compares it with packaging/symbols.txt, and both with the functions of the public headers
#   update   writes packaging/symbols.txt anew. A line that appears is a promise; a line that disappears, or a function
#            whose arguments change, breaks programs that are installed: raise SSR_SOVERSION in packaging/install.cmake,
#            with the names of the Debian packages.
set -u
usage() { echo 'usage: packaging/symbols.sh check|update BUILD_DIR' >&2; exit 2; }
[ $# -eq 2 ] || usage
command=$1 build=$(cd "$2" && pwd) || exit 2
cd "$(dirname "$0")/.." || exit 2
passed=0 failed=0

check() { # WHAT, DIFFERENCE (empty: good)
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'broken: %s\n%s\n' "$1" "$2"
    fi
}

exported() {
    for library in libssrstore libssrstore_host; do
        nm -D --defined-only "$build/$library.so" | awk -v library=$library.so.0 'NF == 3 { print library, $3 }'
    done | LC_ALL=C sort
}

declared() {
    sed -n '/^set(SSR_HEADERS/,/)/p' packaging/install.cmake | grep -oE '[a-z/_]+\.h\b' | xargs awk -v list=1 -f tests/headers.awk |
        LC_ALL=C sort
}

case $command in
update)
    exported >packaging/symbols.txt && wc -l packaging/symbols.txt
    ;;
check)
    check 'the libraries export what packaging/symbols.txt lists (< listed, > exported; packaging/symbols.sh update)' \
        "$(exported | diff packaging/symbols.txt - | grep '^[<>]')"
    check 'every exported symbol stands in a public header, and the other way round (< exported, > declared)' \
        "$(declared >"$build/declared.txt"; exported | cut -d ' ' -f 2 | LC_ALL=C sort | diff - "$build/declared.txt" | grep '^[<>]')"
    for library in libssrstore libssrstore_host; do
        check "$library has its soname" \
            "$(readelf -d "$build/$library.so" | grep -q "SONAME.*\[$library\.so\.0\]" || echo "no $library.so.0")"
        check "$library asks for no executable stack and no relocation of its text" \
            "$(readelf -lW "$build/$library.so" | grep 'GNU_STACK.*RWE'; readelf -d "$build/$library.so" | grep TEXTREL)"
    done
    check 'the library needs no cJSON' "$(readelf -d "$build/libssrstore.so" | grep 'NEEDED.*cjson')"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    ;;
*)
    usage
    ;;
esac
