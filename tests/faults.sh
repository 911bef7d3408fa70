#!/bin/sh
# Each class of check catches a planted fault: faults.sh [NAME...] plants those of tests/faults/, one after the other,
# in a copy of this tree below build/faults, runs the check that must catch it, and looks whether it fails and says why.
# First the same checks must pass without a fault. `./run faults` has installed what this needs.
#
# A fault is a patch, tests/faults/NAME.patch, with these lines above it:
#
#   fault: what is broken, in words
#   class: the kind of check that must see it
#   check: PRESET TEST      a test of ctest in a build of CMakePresets.json; or "script", and then `run` says which
#   build: TARGETS          to be built for it; the program TEST when there is no such line
#   run: COMMAND            in the copy, instead of ctest
#   says: EXTENDED REGULAR EXPRESSION for a line of what the failing check prints
#
# A patch that no longer applies as it stands is an error: adapt it to the code, so that it is still the same fault.
set -u
cd "$(dirname "$0")/.." || exit 2
root=$PWD
faults=$root/tests/faults work=$root/build/faults
tree=$work/tree log=$work/log
passed=0 failed=0

# ---- Rows ------------------------------------------------------------------------------------------------------------

all_names() {
    for file in "$faults"/*.patch; do basename "$file" .patch; done
}

# What a line of a fault's head says; nothing when it is not there.
row() { # NAME FIELD
    sed -n -e '/^--- /q' -e "s/^$2: *//p" "$faults/$1.patch"
}

preset_of() { # NAME
    check=$(row "$1" check)
    echo "${check%% *}"
}

test_of() { # NAME
    check=$(row "$1" check)
    echo "${check##* }"
}

targets_of() { # NAME
    targets=$(row "$1" build)
    echo "${targets:-$(test_of "$1")}"
}

is_complete() { # NAME
    for field in fault class check says; do
        [ -n "$(row "$1" "$field")" ] || { echo "tests/faults/$1.patch has no line \"$field:\"" >&2 && return 1; }
    done
}

# ---- The copy --------------------------------------------------------------------------------------------------------

# A copy of its own, whose builds begin anew each time; ccache, where there is one, knows it by its place.
copy_tree() {
    rm -rf "$work"
    mkdir -p "$tree"
    tar -cf - --exclude=./build --exclude=./.git --exclude=node_modules . | tar -xf - -C "$tree"
    [ ! -d client/node_modules ] || ln -s "$root/client/node_modules" "$tree/client/node_modules"
}

# Files that a patch changes.
files_of() { # NAME
    sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "$faults/$1.patch"
}

plant() { # NAME
    (cd "$tree" && patch -p1 --fuzz=0 --no-backup-if-mismatch --forward) <"$faults/$1.patch" >"$log" 2>&1
}

# The files as they were, younger than what was built of the fault.
take_back() { # NAME
    for file in $(files_of "$1"); do
        cp "$file" "$tree/$file"
        rm -f "$tree/$file.rej" "$tree/$file.orig"
    done
}

# Configures at the first use. Optimising across files finds no fault, and takes its time.
build_in() { # PRESET TARGETS...
    preset=$1
    shift
    [ "$preset" != script ] || return 0
    if [ ! -e "$tree/build/$preset/build.ninja" ]; then
        (cd "$tree" && cmake --preset "$preset" -DSSR_LTO=OFF) >"$log" 2>&1 || return 1
    fi
    ninja -C "$tree/build/$preset" "$@" >"$log" 2>&1
}

# Runs a fault's check. Output in the log.
run_check() { # NAME
    command=$(row "$1" run)
    in_ctest="ctest --test-dir build/$(preset_of "$1") -R '^$(test_of "$1")\$' --output-on-failure --no-tests=error"
    [ -n "$command" ] || command=$in_ctest
    (cd "$tree" && timeout 600 sh -c "$command") >"$log" 2>&1 </dev/null
}

# ---- One after the other ---------------------------------------------------------------------------------------------

count() { # RESULT (empty: good) NAME
    if [ -z "$1" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s: %s\n' "$2" "$1"
        tail -n 40 "$log" | sed 's/^/    /'
    fi
}

# All that is to be built of the unbroken copy, then each check once.
check_unbroken() { # NAMES...
    for preset in $(for name in "$@"; do preset_of "$name"; done | sort -u); do
        # shellcheck disable=SC2046
        build_in "$preset" $(for name in "$@"; do
            [ "$(preset_of "$name")" != "$preset" ] || targets_of "$name"
        done) || { count 'the unbroken copy does not build' "$preset" && return 1; }
    done
    for name in "$@"; do
        printf '%s\t%s\n' "$(row "$name" check) $(row "$name" run)" "$name"
    done | sort -u -t "$(printf '\t')" -k 1,1 | cut -f 2 >"$work/checks"
    while read -r name; do
        run_check "$name" && result= || result='this check fails without a fault'
        count "$result" "$(row "$name" check)"
    done <"$work/checks"
    [ "$failed" -eq 0 ]
}

# What is wrong with a fault or its check; nothing when it was caught.
catch() { # NAME
    # shellcheck disable=SC2046
    if ! plant "$1"; then
        echo 'the patch no longer applies'
    elif ! build_in "$(preset_of "$1")" $(targets_of "$1"); then
        echo 'the copy with the fault does not build'
    elif run_check "$1"; then
        echo 'not caught'
    elif ! grep -qaE -e "$(row "$1" says)" "$log"; then
        echo "the check fails, but does not say /$(row "$1" says)/"
    fi
}

# A fault that was caught, and what the check said.
show() { # NAME
    said=$(grep -aoE -m 1 -e "($(row "$1" says)).*" "$log" | head -n 1 | cut -c 1-80)
    printf '%s: %s\n' "$1" "$(row "$1" fault)"
    printf '    %s; %s: %s: %s\n' "$(files_of "$1")" "$(row "$1" class)" "$(row "$1" check)" "$said"
}

# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(all_names)
for name in "$@"; do
    [ -e "$faults/$name.patch" ] || { echo "no fault $name; there are: $(all_names | tr '\n' ' ')" >&2 && exit 2; }
    is_complete "$name" || exit 2
done

export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
if [ -z "${CMAKE_C_COMPILER_LAUNCHER-}" ] && command -v ccache >/dev/null 2>&1; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache
fi
copy_tree
check_unbroken "$@" || { echo "$passed passed, $failed failed" && exit 1; }
caught=0
for name in "$@"; do
    result=$(catch "$name")
    count "$result" "$name"
    [ -n "$result" ] || { caught=$((caught + 1)) && show "$name"; }
    take_back "$name"
done

echo "count: $caught planted faults caught"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
