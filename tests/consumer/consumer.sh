#!/bin/sh
# The installed library as others use it: BUILD_DIR [CMAKE]. Installs into a prefix below BUILD_DIR, moves that to another
# place, and there builds consumer.c and consumer.cc by CMake and by pkg-config alone, shared and static; compiles each
# header by itself in C and C++; runs what the documents show; and looks that no other file was installed. With a prefix instead of a build folder
# (PREFIX --installed) what is there already is tested, without CMake: that is how the Debian packages are checked.
set -u
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0

check() { # WHAT, COMMAND... (good: succeeds)
    what=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'broken: %s\n' "$what"
        sed 's/^/    /' "$work/log"
    fi
}

prints_page() { # PROGRAM, with the prefix's libraries
    LD_LIBRARY_PATH=$lib "$1" | diff "$here/consumer.txt" -
}

needs_library() { readelf -d "$1" | grep -q 'NEEDED.*libssrstore\.so\.0'; }
needs_none() { ! readelf -d "$1" | grep 'NEEDED.*libssrstore'; }

by_cmake() { # NAME, KIND
    cmake_build=$work/cmake-$1
    check "$1: cmake configures" "$cmake" -S "$here" -B "$cmake_build" -DCMAKE_PREFIX_PATH="$prefix" -DKIND="$2"
    check "$1: cmake builds" "$cmake" --build "$cmake_build"
    for program in consumer_c consumer_cc; do
        check "$1: $program prints the page" prints_page "$cmake_build/$program"
        case $1 in
        static) check "$1: $program needs no shared ssrstore" needs_none "$cmake_build/$program" ;;
        *) check "$1: $program needs libssrstore.so.0" needs_library "$cmake_build/$program" ;;
        esac
    done
}

compile() { # OUTPUT, COMPILER AND SOURCE..., then what pkg-config says: only its own words are split
    output=$1
    shift
    # shellcheck disable=SC2086
    "$@" -Wall -Wextra -Wpedantic -Werror -o "$output" $flags
}

# A static link takes the archives of ssrstore and the shared libraries of the system.
by_pkg_config() { # NAME, FLAGS OF PKG-CONFIG
    # shellcheck disable=SC2086
    flags=$(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config $2 --cflags --libs ssrstore-host)
    if [ "$1" = static ]; then
        flags=$(echo "$flags" | sed 's/-lssrstore\(_host\)\{0,1\}/-l:libssrstore\1.a/g')
    fi
    check "pkg-config $1: C" compile "$work/pc_c_$1" cc -std=c11 "$here/consumer.c"
    check "pkg-config $1: C++" compile "$work/pc_cc_$1" c++ -std=c++11 "$here/consumer.cc"
    for program in pc_c_$1 pc_cc_$1; do
        check "pkg-config $1: $program prints the page" prints_page "$work/$program"
        if [ "$1" = static ]; then
            check "pkg-config $1: $program needs no shared ssrstore" needs_none "$work/$program"
        else
            check "pkg-config $1: $program needs libssrstore.so.0" needs_library "$work/$program"
        fi
    done
}

# The samples of a document that say they are run here, with the README's program as site.c, in a folder that looks like the
# tree, its library built.
by_document() { # DOCUMENT
    site=$work/site
    rm -rf "$site" && mkdir -p "$site/samples" "$site/build"
    for folder in demo engine cookie ssrstore; do ln -s "$here/../../$folder" "$site/$folder"; done
    [ -z "$cmake" ] || ln -s "$build" "$site/build/release"
    awk -v dir="$site/samples" -f "$here/../samples.awk" "$here/../../$1" |
        sed -n 's/^\([0-9]*\) [^ ]* \([^ ]*\) run by .*/\1 \2/p' >"$site/list"
    check "$1 has samples" test -s "$site/list"
    while read -r n language; do
        sample=$site/samples/$n
        rm -f "$site/site" "$site/a.out"
        cp "$here/../../demo/hello.c" "$site/site.c"
        case $language in
        sh) check "$1: $(head -1 "$sample")" in_site sh -e "$sample" ;;
        cmake)
            [ -n "$cmake" ] || continue
            cp "$sample" "$site/CMakeLists.txt"
            check "$1: cmake configures" "$cmake" -S "$site" -B "$site/out" -DCMAKE_PREFIX_PATH="$prefix"
            check "$1: cmake builds" "$cmake" --build "$site/out"
            cp "$site/out/site" "$site/site"
            ;;
        esac
        check "$1: its sample $n makes a program that prints the README's page" in_site hello_prints
    done <"$site/list"
}

in_site() { (cd "$site" && export PKG_CONFIG_PATH="$lib/pkgconfig" LIBRARY_PATH="$lib" LD_LIBRARY_PATH="$lib" && "$@"); }
hello_prints() { "$(ls ./site ./a.out 2>/dev/null)" | grep -F '<h1>Ideas &amp; more</h1>'; }

each_header() {
    flags=$(PKG_CONFIG_PATH=$lib/pkgconfig pkg-config --cflags ssrstore)
    for header in $(cd "$include" && find . -name '*.h' | sed 's,^\./,,' | sort); do
        echo "#include \"$header\"" >"$work/one.c"
        cp "$work/one.c" "$work/one.cc"
        check "$header by itself in C" compile "$work/one.o" cc -std=c11 -Wstrict-prototypes -c "$work/one.c"
        check "$header by itself in C++" compile "$work/one.o" c++ -std=c++11 -c "$work/one.cc"
    done
}

only_installed() { # the headers with SSR_API or included by one of these; nothing internal
    (cd "$include" && find . -type f | sed 's,^\./,,' | sort) >"$work/headers"
    sed -n '/^set(SSR_HEADERS/,/)/p' "$here/../../packaging/install.cmake" | grep -oE '[a-z/_]+\.(h|def)' | sort |
        diff - "$work/headers"
}

if [ "${2-}" = --installed ]; then
    prefix=$1 cmake=
    work=$(mktemp -d)
else
    build=$1 cmake=${2:-cmake}
    work=$build/consumer
    prefix=$work/moved
    rm -rf "$work" && mkdir -p "$work"
    check 'cmake --install' "$cmake" --install "$build" --prefix "$work/prefix"
    mv "$work/prefix" "$prefix"
fi
pc=$(find "$prefix" -name ssrstore.pc | head -1)
[ -n "$pc" ] || { echo "broken: no ssrstore.pc below $prefix"; exit 1; }
lib=$(dirname "$(dirname "$pc")")
include=$prefix/include/ssrstore-0

check 'just the public headers are installed' only_installed
each_header
by_pkg_config shared ''
by_pkg_config static --static
by_document docs/install.md
if [ -n "$cmake" ]; then
    by_document docs/first-page.md
    by_cmake default ''
    by_cmake shared shared
    by_cmake static static
    for program in ssrstore ssrdemo; do
        check "$program starts" "$prefix/bin/$program" --help
        check "$program has a manual page" test -s "$prefix/share/man/man1/$program.1"
    done
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
