#!/bin/sh
# `ssrstore types` from outside. usage: types.sh PATH-OF-SSRSTORE FOLDER; FOLDER has definitions.json, and server.d.ts,
# which is what has to come out.
set -u
tool=$1 bridge=$2
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
checks=0
failures=0

# said NAME STATUS STDERR-PATTERN: the last run answered so; what was refused has written nothing.
said() {
    checks=$((checks + 1))
    # shellcheck disable=SC2254
    case $(cat "$folder/stderr") in
    $3) good=yes ;;
    *) good=no ;;
    esac
    [ "$2" -eq 0 ] || [ ! -s "$folder/stdout" ] || good=no
    if [ $answer -ne "$2" ] || [ $good = no ]; then
        failures=$((failures + 1))
        echo "$1: exit status $answer"
        sed 's/^/  stdout: /' "$folder/stdout"
        sed 's/^/  stderr: /' "$folder/stderr"
    fi
}

run() {
    "$tool" types "$@" >"$folder/stdout" 2>"$folder/stderr"
    answer=$?
}

wrote() { # NAME: what the last run wrote is the file that is kept
    said "$1" 0 ''
    checks=$((checks + 1))
    diff -u "$bridge/server.d.ts" "$folder/stdout" || failures=$((failures + 1))
}

run "$bridge/definitions.json"
wrote file
run <"$bridge/definitions.json"
wrote stdin
run - <"$bridge/definitions.json"
wrote dash

# refused NAME STDERR-PATTERN JSON
refused() {
    printf %s "$3" >"$folder/input"
    run <"$folder/input"
    said "$1" 1 "ssrstore types: stdin: $2"
}

refused syntax 'syntax at byte 11: *' '{"stores":{'
refused duplicate 'duplicate_key at byte *' '{"stores":{"a":{},"a":{}}}'
refused array 'write an object, as {"stores"*' '[]'
refused kind '"stors": no kind: write one of stores, *' '{"stors":{}}'
refused no-names '"stores": this has to be an object*' '{"stores":[]}'
refused no-object 'stores: "title": this has to be an object, *' '{"stores":{"title":"Untitled"}}'
refused member 'stores: "title": "defualt": no member of that name belongs here' '{"stores":{"title":{"defualt":1}}}'
refused member-of-another-kind 'queries: "q": "default": no member*' '{"queries":{"q":{"default":1}}}'
refused default-of-a-context 'contexts: "c": "default": no member*' '{"contexts":{"c":{"default":1}}}'
refused no-type 'atoms: "a": "type": this has to be a string' '{"atoms":{"a":{"type":{}}}}'
refused args 'queries: "a": "argsType": this has to be a string' '{"queries":{"a":{"argsType":1}}}'
refused encoding 'cookies: "a": "encoding": this has to be "raw", *' '{"cookies":{"a":{"encoding":"rot13"}}}'
refused bad-type 'shared "a": invalid_type: a type is one line *' '{"shared":{"a":{"type":"string; //"}}}'
refused bad-name 'store "": invalid_name: *' '{"stores":{"":{}}}'
refused bad-cookie 'cookie "a b": cookie_name: *' '{"cookies":{"a b":{}}}'
refused nul 'nul at byte *' '{"stores":{"a\u0000":{}}}'
refused nothing 'syntax at byte 0: *' ''

printf '{' >"$folder/input"
run "$folder/input"
said named-file 1 "ssrstore types: $folder/input: syntax at byte 1: *"
run "$folder/none"
said no-file 2 "ssrstore types: cannot read $folder/none: *"
run "$folder"
said a-folder 2 "ssrstore types: cannot read $folder: *"
run --all
said option 2 'ssrstore types: unknown argument --all*usage: ssrstore types*'
run "$folder/input" more
said two-files 2 'ssrstore types: unknown argument more*'

if [ -w /dev/full ]; then
    "$tool" types "$bridge/definitions.json" >/dev/full 2>"$folder/stderr"
    answer=$?
    : >"$folder/stdout"
    said full-disk 2 'ssrstore types: cannot write stdout: *'
fi

echo "types: $((checks - failures)) passed, $failures failed"
[ $failures -eq 0 ]
