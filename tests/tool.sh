#!/bin/sh
# The program `ssrstore` from outside: what it prints, where, and its exit status. usage: tool.sh PATH-OF-SSRSTORE
set -u
tool=$1
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
checks=0
failures=0

# check NAME STATUS STDOUT STDERR-PATTERN INPUT ARGUMENT...: input and stdout are for printf's %b; the
# pattern is a shell one for all of stderr.
check() {
    name=$1 status=$2 stdout=$3 stderr=$4 input=$5
    shift 5
    printf %b "$input" | "$tool" "$@" >"$folder/stdout" 2>"$folder/stderr"
    answer=$?
    printf %b "$stdout" >"$folder/wanted"
    checks=$((checks + 1))
    # shellcheck disable=SC2254
    case $(cat "$folder/stderr") in
    $stderr) said=yes ;;
    *) said=no ;;
    esac
    if [ $answer -ne "$status" ] || [ $said = no ] || ! cmp -s "$folder/wanted" "$folder/stdout"; then
        failures=$((failures + 1))
        echo "$name: exit status $answer"
        sed 's/^/  stdout: /' "$folder/stdout"
        sed 's/^/  stderr: /' "$folder/stderr"
    fi
}

usage='
usage: ssrstore *
       ssrstore --help | --version'

check canon 0 '{"a":[1000,0],"b":"/"}\n' '' ' {"b":"\\/","a":[1e3,-0]}\n' canon
check digest 0 'dc32537e27486e2c652e7b35ccc22eda\n' '' 'null' canon --digest
check refused 1 '' 'ssrstore canon: duplicate_key at byte 13: an object has*' '{"b":1,"a":1,"a":2' canon
check empty 1 '' 'ssrstore canon: syntax at byte 0: *' '' canon
check two-texts 1 '' 'ssrstore canon: syntax at byte 2: *' '1\n2\n' canon
check nul 1 '' 'ssrstore canon: syntax at byte 1: *' '1\0' canon

check lines 0 '1\n{"a":2}\n' '' '1.0\n { "a" : 2 } \r\n' canon --lines
check lines-bad 1 '1\nerror: syntax\nerror: nul\n"x"\n' '' '1\n\n"\\u0000"\n"x"' canon --lines
check lines-nul 1 'error: syntax\n2\n' '' '[\0]\n2\n' canon --lines
check lines-none 0 '' '' '' canon --lines
check lines-digest 1 'dc32537e27486e2c652e7b35ccc22eda\nerror: not_finite\n' '' 'null\n1e999\n' canon --digest --lines

check embed 0 '<script type="application/json" id="__SSRSTORE__">"\\u003c/script\\u003e"</script>\n' '' '"</script>"' embed
check embed-id 0 '<script type="application/json" id="a-1">0</script>\n' '' '-0' embed --id a-1
check embed-refused 1 '' 'ssrstore embed: syntax at byte 1: *' '[' embed
check embed-bad-id 2 '' "ssrstore embed: --id needs the form*1a$usage" '0' embed --id 1a
check embed-no-id 2 '' "ssrstore embed: a value is missing after --id$usage" '0' embed --id

check cookie-parse 0 '[["a","b"],["c","\\"d e\\""],["z","=1"]]\n[]\n' '' 'a=b; c = "d e" ;x;=y; z==1;k=\001\n\n' cookie parse
check cookie-parse-bytes 0 '[["a","\0357\0277\0275b"]]\n' '' 'a=\0377b' cookie parse
check cookie-format 0 'a=b%20c; Path=/; Domain=example.com; Expires=Tue, 14 Nov 2023 22:13:20 GMT; Max-Age=34560000; Secure; HttpOnly; SameSite=Lax; Partitioned\n' '' \
    '{"same_site":"lax","partitioned":true,"http_only":true,"secure":true,"max_age":99999999999,"expires":1700000000123,"domain":"example.com","path":"/","encode":"percent","value":"b c","name":"a"}' cookie format
check cookie-delete 0 's=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0\n' '' '{"name":"s","value":"x","delete":true,"path":"/"}' cookie format

# One line for each of the tool's errors.
format_error() { # NAME JSON
    check "cookie-$1" 1 "error: $1\n" '' "$2" cookie format
}
format_error invalid-json '[1]'
format_error invalid-json '{"name":"a","value":"b","encode":"rot13"}'
format_error invalid-json '{"name":"a","secure":"yes"}'
format_error invalid-name '{"value":"b"}'
format_error invalid-name '{"name":"a b"}'
format_error invalid-value '{"name":"a","value":"b\\r\\nSet-Cookie: c=d"}'
format_error invalid-value '{"name":"a","value":1}'
format_error invalid-path '{"name":"a","path":"b"}'
format_error invalid-domain '{"name":"a","domain":"b c"}'
format_error invalid-expires '{"name":"a","expires":253402300800000}'
format_error invalid-expires '{"name":"a","expires":"tomorrow"}'
format_error invalid-max-age '{"name":"a","max_age":1.5}'
format_error invalid-samesite '{"name":"a","same_site":"maybe"}'
format_error samesite-none-needs-secure '{"name":"a","same_site":"none"}'
format_error partitioned-needs-secure '{"name":"a","partitioned":true}'
format_error prefix '{"name":"__Host-a","secure":true,"path":"/b"}'
format_error too-long "{\"name\":\"a\",\"value\":\"$(printf %04096d 0)\"}"
format_error attribute-too-long "{\"name\":\"a\",\"path\":\"/$(printf %01024d 0)\"}"
check cookie-usage 2 '' "ssrstore cookie: say parse or format$usage" '' cookie eat

check no-command 2 '' "ssrstore: a command is missing$usage" ''
check bad-command 2 '' 'ssrstore: unknown command cannon
usage: ssrstore COMMAND [[]OPTION]..., where COMMAND is one of canon embed cookie explain types
       ssrstore --help | --version' '' cannon
check bad-option 2 '' "ssrstore canon: unknown argument --line
usage: ssrstore canon [[]--lines] [[]--digest]
       ssrstore --help | --version" '0' canon --line

long() { # a line of more than a megabyte, without a line feed at its end
    printf '["'
    head -c 1500000 /dev/zero | tr '\0' x
    printf '"]'
}
checks=$((checks + 1))
[ "$(long | "$tool" canon --lines | wc -c)" -eq 1500005 ] || { echo 'long line'; failures=$((failures + 1)); }

checks=$((checks + 1))
"$tool" canon --help 2>/dev/null | grep -q '^usage: ssrstore' || { echo 'help'; failures=$((failures + 1)); }
"$tool" --version | grep -qE '^ssrstore [0-9]+\.[0-9]+\.[0-9]+$' || { echo 'version'; failures=$((failures + 1)); }

if [ -w /dev/full ]; then
    for arguments in 'canon' 'canon --lines' 'embed' '--help'; do
        checks=$((checks + 1))
        # shellcheck disable=SC2086
        said=$(echo 1 | "$tool" $arguments 2>&1 >/dev/full)
        answer=$?
        case "$answer $said" in
        '2 ssrstore'*': cannot write stdout: '*) ;;
        *) echo "$arguments on a full disk: exit status $answer, $said"; failures=$((failures + 1)) ;;
        esac
    done
fi

echo "tool: $((checks - failures)) passed, $failures failed"
[ $failures -eq 0 ]
