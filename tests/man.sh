#!/bin/sh
# The manual pages: man.sh SSRSTORE SSRDEMO (the programs). Each option and command that a program's --help names stands in
# its page; and what checkers are installed (mandoc, man) have nothing to say.
set -u
cd "$(dirname "$0")/../docs/man" || exit 2
passed=0 failed=0

check() { # WHAT, COMPLAINTS (empty: good)
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'broken: %s\n%s\n' "$1" "$2"
    fi
}

# A page writes --json as ".Fl -json" and canon as ".Cm canon" or ".Ss canon".
missing() { # PROGRAM, PAGE, what --help names as a regular expression
    "$1" --help | grep -oE -e "$3" | tr -d ' ' | sort -u | while read -r word; do
        grep -qE -e "(Fl|Cm|Ss|\|) (-${word#--}|$word)( |\$)" "$2" || echo "$2 does not name $word"
    done
}

check 'ssrstore.1 has each option' "$(missing "$1" ssrstore.1 '[-][-][a-z-]+')"
check 'ssrstore.1 has each command' "$(missing "$1" ssrstore.1 '^  [a-z]+ ')"
check 'ssrdemo.1 has each option' "$(missing "$2" ssrdemo.1 '^  [-][-][a-z-]+')"
check 'each option of ssrdemo.1 is one' "$(grep -oE '^\.It Fl -[a-z-]+' ssrdemo.1 | sed 's/^.It Fl /-/' | while read -r option; do
    "$2" --help | grep -qE -e "^  $option( |\$)" || echo "ssrdemo has no $option"
done)"
check 'each option of ssrstore.1 is one' "$(grep -oE '^\.It Fl -[a-z-]+' ssrstore.1 | sed 's/^.It Fl /-/' | while read -r option; do
    "$1" --help | grep -qE -e "$option( |\$|])" || echo "ssrstore has no $option"
done)"
check 'ssrstore --help has each option that is taken' "$(grep -ohE '"--[a-z-]+"' ../../tools/*.c | tr -d '"' | sort -u | while read -r option; do
    "$1" --help | grep -qE -e "$option( |\$|])" || echo "--help does not name $option"
done)"
check 'ssrdemo --help has each option that is taken' "$(grep -oE '^ *[{]"--[a-z-]+"' ../../demo/options.c | tr -d ' {"' | sort -u | while read -r option; do
    "$2" --help | grep -qE -e "^  $option( |\$)" || echo "--help does not name $option"
done)"
for page in *.1; do
    if command -v mandoc >/dev/null 2>&1; then
        check "mandoc lints $page" "$(mandoc -T lint -W style "$page" 2>&1)"
    fi
    if command -v man >/dev/null 2>&1 && command -v groff >/dev/null 2>&1; then
        check "man formats $page" "$(MANROFFSEQ='' MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z "./$page" 2>&1 >/dev/null)"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
