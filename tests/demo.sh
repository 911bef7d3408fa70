#!/bin/sh
# tests/demo.sh SSRDEMO - what the demo promises to the outside: pages and their passes, exit statuses, HTTP.
set -u
export LC_ALL=C

demo=$1
dir=$(mktemp -d)
passed=0
failed=0
server=

cleanup() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null; fi
    rm -rf "$dir"
}
trap cleanup EXIT

# expect NAME WANTED GOT
expect() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n  wanted: %s\n  got:    %s\n' "$1" "$2" "$3"
    fi
}

# ---- Pages, without a socket ----

# once PATH [FLAG...]: the answer in $dir/head and $dir/body, the log in $dir/err, the exit status in $code
once() {
    "$demo" --once "$@" >"$dir/out" 2>"$dir/err"
    code=$?
    sed '/^$/,$d' "$dir/out" >"$dir/head"
    sed '1,/^$/d' "$dir/out" >"$dir/body"
}

header() { sed -n "s/^$1: //p" "$dir/head"; }

errors() { grep -c '^SSR stores/cookies did not stabilize after' "$dir/err"; }

has() { grep -cF -- "$1" "$dir/body"; }

# page NAME STATUS PASSES OUTCOME ERRORS PATH [FLAG...]
page() {
    name=$1
    wanted="exit 0, HTTP/1.1 $2, $3 passes, $4, $5 errors"
    shift 5
    once "$@"
    expect "$name" "$wanted" \
        "exit $code, $(sed -n 1p "$dir/head"), $(header X-Ssr-Passes) passes, $(header X-Ssr-Outcome), $(errors) errors"
    expect "$name: length" "$(wc -c <"$dir/body")" "$(header Content-Length)"
    agree "$name"
}

# The transferred stores are what the document shows: the breadcrumb's JSON, made into HTML, and the title.
agree() {
    json=$(sed -n 's/.*"breadcrumb":\[\(\[.*\]\)\],"notice":.*/\1/p' "$dir/body")
    trail=$(printf '%s\n' "$json" | sed \
        -e 's|\["\([^"]*\)","\([^"]*\)"\]|<li><a href="\2">\1</a></li>|g' \
        -e 's|\["\([^"]*\)",null\]|<li><span aria-current="page">\1</span></li>|g' \
        -e 's|</li>,<li>|</li><li>|g')
    expect "$1: breadcrumb" "<ol>$trail</ol>" "$(sed -n 's|.*class="trail">\(<ol>.*</ol>\)</nav>.*|\1|p' "$dir/body")"
    title=$(sed -n 's/.*"page.title":"\([^"]*\)".*/\1/p' "$dir/body")
    expect "$1: title" "<title>$title</title>" "$(grep '^<title>' "$dir/body")"
    expect "$1: heading" "<h1>$title</h1>" "$(grep '^<h1>' "$dir/body")"
}

page "defaults only" "200 OK" 1 settled 0 /
expect "defaults only: footer" 1 "$(has 'Rendered in 1 pass:')"
page "list" "200 OK" 2 settled 0 /ideas
expect "list: entries" 12 "$(has '<h2><a href="/ideas/')"
page "list with a query" "200 OK" 2 settled 0 '/ideas?page=2'
page "list, escaped address" "200 OK" 2 settled 0 /%69deas
page "one idea" "200 OK" 2 settled 0 /ideas/2
expect "one idea: breadcrumb" 1 "$(has '"breadcrumb":[["Ideas","/ideas"],["Desire paths",null]]')"
expect "one idea: title" 1 "$(has '<title>Desire paths</title>')"
expect "one idea: footer" 1 "$(has 'Rendered in 2 passes:</strong> the page set <code>page.title</code>')"
page "override" "200 OK" 2 settled 0 /override
expect "override: last set counts" 1 "$(has '"breadcrumb":[["Start","/"],["Overridden by the page",null]]')"
expect "override: first set is nowhere" 0 "$(has 'What a part of the page wanted')"

page "unstable, defaults" "200 OK" 26 hard_cap 1 /unstable
line="SSR stores/cookies did not stabilize after 25 re-renders (forbiddenRerendersCount); using the last render. \
Check for non-deterministic SsrStore or cookie values (e.g. time(), rand())."
expect "unstable: the line" "$line" "$(grep '^SSR stores' "$dir/err")"
expect "unstable: document and values of one pass" 2 "$(has 'Reading no. 25,')"
page "unstable, allowed 7" "200 OK" 8 soft_cap 0 /unstable --allowed-rerenders-count 7
page "unstable, equal caps" "200 OK" 3 hard_cap 1 /unstable --allowed-rerenders-count 2 --forbidden-rerenders-count=2
page "unstable, forbidden 0" "200 OK" 1 hard_cap 1 /unstable --forbidden-rerenders-count 0
page "unstable, forbidden above allowed" "200 OK" 31 soft_cap 0 /unstable --allowed-rerenders-count 30 \
    --forbidden-rerenders-count Infinity
page "one idea, allowed 0" "200 OK" 1 soft_cap 0 /ideas/2 --allowed-rerenders-count 0
page "flip" "200 OK" 26 hard_cap 1 /flip

for path in /nothing // /ideas/ /ideas/0 /ideas/01 /ideas/13 /ideas/-1 /ideas/1/ /ideas/1x /ideas/99999999999999999999 \
    /ideas%2f1 /% /%zz /%00 '/<script>' "/$(printf '%05000d' 0)"; do
    page "no page $(printf '%.24s' "$path")" "404 Not Found" 2 settled 0 "$path"
done
expect "no page: title" 1 "$(has '<title>Nothing here</title>')"

once /ideas/11
expect "escaping: HTML" 1 "$(has '<h1>Signal &amp; noise</h1>')"
expect "escaping: transfer" 1 "$(has '"page.title":"Signal \u0026 noise"')"

once /ideas/1
expect "type" "text/html; charset=utf-8" "$(header Content-Type)"
expect "private by default" "private, no-store" "$(header Cache-Control)"
expect "nosniff" "nosniff" "$(header X-Content-Type-Options)"
expect "policy" "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
frame-ancestors 'none'" "$(header Content-Security-Policy)"
once /style.css
expect "style sheet" "HTTP/1.1 200 OK text/css; charset=utf-8" "$(sed -n 1p "$dir/head") $(header Content-Type)"
once /favicon.svg
expect "icon" "HTTP/1.1 200 OK image/svg+xml" "$(sed -n 1p "$dir/head") $(header Content-Type)"

once /ideas
expect "log: text by default" 1 "$(grep -c '^/ideas: settled in 2 passes' "$dir/err")"
once /ideas --log json
expect "log: JSON" 1 "$(grep -c '^{.*"outcome":"settled".*}$' "$dir/err")"
once /unstable --log json
expect "log: JSON error" 1 "$(grep -c '^{"category":"ssr","error":"SSR stores' "$dir/err")"
once /unstable --log off
expect "log: off" 0 "$(wc -c <"$dir/err")"

# ---- The configuration file ----

config() { printf '%s' "$1" >"$dir/config.json"; }

config '{"ssr":{"allowedRerendersCount":7}}'
page "config" "200 OK" 8 soft_cap 0 /unstable --config "$dir/config.json"
page "flag over config" "200 OK" 4 soft_cap 0 /unstable --allowed-rerenders-count 3 --config "$dir/config.json"
config '{"ssr":{"forbiddenRerendersCount":"Infinity","allowedRerendersCount":40}}'
page "config, Infinity" "200 OK" 41 soft_cap 0 /unstable --config "$dir/config.json"

# ---- Wrong usage: exit 2, nothing on standard output, one line that names what was wrong ----

# refused NAME MENTIONS FLAG...
refused() {
    name=$1
    mentions=$2
    shift 2
    "$demo" "$@" >"$dir/out" 2>"$dir/err"
    expect "$name" "exit 2, 0 bytes, 1 line, 1 mention" \
        "exit $?, $(wc -c <"$dir/out") bytes, $(wc -l <"$dir/err") line, $(grep -cF -- "$mentions" "$dir/err") mention"
}

refused "unknown flag" "--colour" --colour
refused "stray argument" "'/ideas'" /ideas
refused "no value" "--port needs" --port
refused "port too large" "'65536'" --port 65536
refused "port no number" "'80x'" --port 80x
refused "negative count" "'-1'" --allowed-rerenders-count -1
refused "count with a fraction" "'1.5'" --forbidden-rerenders-count 1.5
refused "empty count" "--forbidden-rerenders-count needs" --forbidden-rerenders-count=
refused "count too large" "'9007199254740992'" --allowed-rerenders-count 9007199254740992
refused "relative path" "'ideas'" --once ideas
refused "log format" "'xml'" --log xml
refused "missing file" "$dir/none.json" --config "$dir/none.json"
refused "a folder" "$dir" --config "$dir"
config '{"ssr":'
refused "no JSON" "config.json" --once / --config "$dir/config.json"
config '{"allowedRerendersCount":7}'
refused "no ssr object" "\"ssr\"" --once / --config "$dir/config.json"
config '{"ssr":{"allowedRerendersCount":-1}}'
refused "bad count in the file" "allowedRerendersCount" --once / --config "$dir/config.json"
config '{"ssr":{"allowedRerenderCount":1}}'
refused "unknown name in the file" "allowedRerenderCount" --once / --config "$dir/config.json"

expect "help" "exit 0, 1" "$("$demo" --help >"$dir/out"; echo "exit $?"), $(grep -c -- '--port N' "$dir/out")"
expect "version" "exit 0, 1" "$("$demo" --version >"$dir/out"; echo "exit $?"), $(grep -c '^ssrdemo [0-9]' "$dir/out")"

# ---- Over HTTP ----

"$demo" --port 0 --log off >"$dir/address" 2>"$dir/err.server" &
server=$!
tries=0
until grep -q http "$dir/address" || [ $tries -eq 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
url=$(sed -n 's|.*\(http://[0-9.:]*\)/.*|\1|p' "$dir/address")
port=${url##*:}
expect "the address is printed" "http://127.0.0.1:$port" "$url"

fetch() { curl -s -m 10 --path-as-is "$@"; }

fetch -D "$dir/head" -o "$dir/body" "$url/ideas/2"
tr -d '\r' <"$dir/head" >"$dir/lines" && mv "$dir/lines" "$dir/head"
expect "GET" "HTTP/1.1 200 OK, 2 passes, settled" \
    "$(sed -n 1p "$dir/head"), $(header X-Ssr-Passes) passes, $(header X-Ssr-Outcome)"
expect "GET: length" "$(wc -c <"$dir/body")" "$(header Content-Length)"
agree "GET"
length=$(header Content-Length)

counts='%{http_code} %{size_download} bytes, %{num_connects} connects; '
expect "HEAD and GET over one connection" "200 0 bytes, 1 connects; 200 $length bytes, 0 connects; " "$(
    fetch -I -o "$dir/lines" -w "$counts" "$url/ideas/2" --next -s -m 10 -o /dev/null -w "$counts" "$url/ideas/2"
)"
expect "HEAD: same length" "$length" "$(tr -d '\r' <"$dir/lines" | sed -n 's/^Content-Length: //p')"
expect "two GET over one connection" "1 0 " "$(
    fetch -o /dev/null -o /dev/null -w '%{num_connects} ' "$url/" "$url/flip"
)"
expect "404" 404 "$(fetch -o /dev/null -w '%{http_code}' "$url/nothing")"
expect "404 for //" 404 "$(fetch -o /dev/null -w '%{http_code}' "$url//")"
expect "404 for an escaped NUL" 404 "$(fetch -o /dev/null -w '%{http_code}' "$url/ideas%00")"
expect "POST" "405 Allow: GET, HEAD" "$(
    fetch -X POST -d 'vote=1' -o /dev/null -D "$dir/head" -w '%{http_code} ' "$url/ideas"
    tr -d '\r' <"$dir/head" | grep '^Allow:'
)"
expect "style sheet over HTTP" "200 text/css; charset=utf-8" \
    "$(fetch -o /dev/null -w '%{http_code} %{content_type}' "$url/style.css")"

refused "port in use" "port $port is in use" --port "$port"

kill -TERM "$server"
wait "$server"
expect "SIGTERM ends it gracefully" 0 $?
server=
expect "nothing was logged" 0 "$(wc -c <"$dir/err.server")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
