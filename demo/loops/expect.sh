#!/bin/sh
# expect.sh PROGRAM FILE: the program ends well and prints the lines of FILE, in any order.
set -u
output=$("$1") || { echo "0 passed, 1 failed: $1 answered $?"; exit 1; }
printf '%s\n' "$output" | sort >"/tmp/expect.$$"
sort "$2" | diff - "/tmp/expect.$$"
differs=$?
rm -f "/tmp/expect.$$"
echo "$((1 - differs)) passed, $differs failed"
exit "$differs"
