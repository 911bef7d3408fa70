#!/bin/sh
# The public headers are the manual: every function, type and macro has a comment with the slots it owes (headers.awk).
set -u
cd "$(dirname "$0")/.." || exit 2
headers=$(sed -n '/^set(SSR_HEADERS/,/)/p' packaging/install.cmake | grep -oE '[a-z/_]+\.h\b')
passed=0 failed=0

for header in $headers; do
    missing=$(awk -f tests/headers.awk "$header")
    if [ -z "$missing" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$missing"
    fi
done

# A header that declares something for others is installed, or internal by name.
for header in $(grep -l '^SSR_API' ssrstore/*.h cookie/*.h engine/*.h engine/host/*.h); do
    case " $(echo "$headers" | tr "\n" " ") " in
    *" $header "*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)) && echo "$header has SSR_API but is not in SSR_HEADERS of packaging/install.cmake" ;;
    esac
done

# The checks themselves find what they are for.
faulty=$(awk -f tests/headers.awk tests/headers_faulty.txt)
for fault in 'does not open' 'no comment: ssr_a' 'no "Returns": ssr_b' 'no "Legal": ssr_c' 'whose the memory is: ssr_d' \
    'no comment: ssr_e' 'no comment: typedef struct ssr_f' 'slot in the middle'; do
    case $faulty in
    *"$fault"*) passed=$((passed + 1)) ;;
    *) failed=$((failed + 1)) && echo "tests/headers.awk did not find: $fault" ;;
    esac
done
if [ "$(echo "$faulty" | wc -l)" -ne 8 ]; then
    failed=$((failed + 1))
    echo "tests/headers.awk finds in tests/headers_faulty.txt more or less than its 8 faults: $faulty"
else
    passed=$((passed + 1))
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
