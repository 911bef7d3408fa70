#!/bin/sh
# What packaging/hardening.cmake asks for is in what was built: hardening.sh FOLDER of an optimised build.
# Prints what is missing, then the counts; exits 1 when something is.
set -u
cd "$1" || exit 2
programs='demo/ssrdemo tools/ssrstore' libraries='libssrstore.so libssrstore_host.so'
passed=0 failed=0

check() { # WHAT FILE COMMAND...
    what=$1 file=$2
    shift 2
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "missing in $file: $what"
    fi
}

segment() { readelf -lW "$file" | grep -qE "$1"; }
tag() { readelf -dW "$file" | grep -qE "$1"; }
calls() { readelf -W --dyn-syms "$file" | grep -qE " UND $1(@| |\$)"; }
# All members of an archive have the mark.
shadow_stack() { [ "$(readelf -hW "$file" | grep -c '^File: ')" = "$(readelf -nW "$file" | grep -c 'x86 feature:.*SHSTK')" ]; }
# A large frame is made page by page, each touched at once: gcc adds 0 bits there, clang stores 0.
probes() {
    objdump -d --no-show-raw-insn "$file" |
        awk '/sub +\$0x1000,%rsp/ { made = NR } /(or|mov)q +\$0x0,\(%rsp\)/ && made == NR - 1 { found = 1 } END { exit !found }'
}

for file in $programs $libraries; do
    check 'what the loader relocates is read only' "$file" segment '^ *GNU_RELRO '
    check 'and all of it before the program starts' "$file" tag '\(FLAGS_1\).* NOW'
    check 'no code on the stack' "$file" segment '^ *GNU_STACK .* RW +0x'
done
for file in $programs; do
    check 'a place of its own at each start' "$file" tag '\(FLAGS_1\).* PIE'
done
for file in $programs libssrstore.so; do
    check 'a stack protector' "$file" calls __stack_chk_fail
    check '_FORTIFY_SOURCE' "$file" calls '__[a-z]+_chk'
done
if readelf -hW demo/ssrdemo | grep -q 'X86-64'; then
    for file in libssrstore.a libssrstore_host.a; do
        check 'a shadow stack' "$file" shadow_stack
    done
    for file in $programs libssrstore.so; do
        check 'no step over the guard page' "$file" probes
    done
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
