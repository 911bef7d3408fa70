#!/bin/sh
# tests/demo.sh SSRDEMO - what the demo promises to the outside: pages and their passes, exit statuses, HTTP.
set -u
export LC_ALL=C

demo=$1
. "$(dirname "$0")/demo_expect.sh"

# ---- Pages, without a socket ----

# once PATH [FLAG...]: the answer in $dir/head and $dir/body, the log in $dir/err, the exit status in $code
once() {
    "$demo" --once "$@" >"$dir/out" 2>"$dir/err"
    code=$?
    sed '/^$/,$d' "$dir/out" >"$dir/head"
    sed '1,/^$/d' "$dir/out" >"$dir/body"
}

header() { sed -n "s/^$1: //p" "$dir/head"; }

# the lines that a cap has logged
errors() { grep -c '^SSR ' "$dir/err"; }

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

# footer NAME SENTENCES: what the document says about itself
footer() {
    expect "$1" "$2" "$(sed -n 's/^<p>\(<strong>Rendered in .*\)<\/p>$/\1/p' "$dir/body" | sed 's/<[^>]*>//g')"
}

page "defaults only" "200 OK" 1 settled 0 /
footer "defaults only: footer" "Rendered in 1 pass: the header above shows its initial values."
expect "defaults only: the routes" "/ideas /ideas/1 /chain /override /unstable /flip /broken /island /old \
/theme /sign-in /account /cookies /leak " \
    "$(sed -n 's/^<li><a href="\([^"]*\)">\/.*/\1/p' "$dir/body" | tr '\n' ' ')"
expect "defaults only: the navigation" "Ideas Chain Override Unstable Flip Broken Island Cookies Leak " \
    "$(grep '^<nav aria-label="Site">' "$dir/body" | grep -o '[A-Z][a-z]*</a>' | sed 's|</a>||' | tr '\n' ' ')"
expect "defaults only: stores of other pages stay away" 0 "$(has '"author":')"
page "list" "200 OK" 3 settled 0 /ideas
expect "list: entries" 12 "$(has '<h2><a href="/ideas/')"
expect "list: counted for the header" 1 "$(has '<p class="lede">12 small thoughts')"
expect "list: nothing pending is left" 0 "$(has 'not here yet')"
footer "list: footer" "Rendered in 3 passes: one waited for the query ideas; the page set page.title, page.description \
and breadcrumb after the header above it had been rendered."
expect "list: the log shows the query" 1 "$(grep -c '^    query "ideas" null: ready' "$dir/err")"
page "list with a query" "200 OK" 3 settled 0 '/ideas?page=2'
page "list, escaped address" "200 OK" 3 settled 0 /%69deas
page "list, prefetched" "200 OK" 2 settled 0 /ideas --prefetch-loaders
footer "list, prefetched: footer" "Rendered in 2 passes: the query ideas had been answered before the first; the page \
set page.title, page.description and breadcrumb after the header above it had been rendered."
page "list, slow loader" "200 OK" 3 settled 0 /ideas --loader-delay 30
page "list, no query passes" "200 OK" 1 query_cap 1 /ideas --max-query-passes 0
footer "list, no query passes: footer" "Rendered in 1 pass: the header above shows its initial values. What the \
page asked for last, the query ideas, was not loaded any more."
expect "list, no query passes: the line" "SSR queries were still being found after 0 query passes (maxQueryPasses); \
using the last render. Check for queries whose arguments are new in every pass." "$(grep '^SSR' "$dir/err")"
expect "list, no query passes: neither data nor a promise" "0, 1" "$(has '<li><h2>'), $(has 'The ideas are not here yet')"
page "list, no query passes, prefetched" "200 OK" 2 settled 0 /ideas --max-query-passes=0 --prefetch-loaders
page "one idea" "200 OK" 3 settled 0 /ideas/2
expect "one idea: breadcrumb" 1 "$(has '"breadcrumb":[["Ideas","/ideas"],["Desire paths",null]]')"
expect "one idea: title" 1 "$(has '<title>Desire paths</title>')"
expect "one idea: the browser gets the answer" 1 "$(has '"queries":{"[\"idea\",2]":{"ready":{"author":')"
page "one idea, prefetched" "200 OK" 2 settled 0 /ideas/2 --prefetch-loaders
expect "one idea, prefetched: loaded once, with its number" 1 "$(grep -c '^    query "idea" 2: ready' "$dir/err")"
page "no such idea" "404 Not Found" 3 settled 0 /ideas/13
page "no such idea, prefetched" "404 Not Found" 2 settled 0 /ideas/13 --prefetch-loaders

page "chain" "200 OK" 5 settled 0 /chain
expect "chain: breadcrumb" 1 "$(has '"breadcrumb":[["Ideas","/ideas"],["Ines Okafor",null]]')"
footer "chain: footer" "Rendered in 5 passes: two waited for the queries favourite and by_author; the page set author \
for its own next pass, and page.title, page.description and breadcrumb after the header above it had been rendered."
page "chain, prefetched" "200 OK" 4 settled 0 /chain --prefetch-loaders
footer "chain, prefetched: footer" "Rendered in 4 passes: the query favourite had been answered before the first; one \
waited for the query by_author; the page set author for its own next pass, and page.title, page.description and \
breadcrumb after the header above it had been rendered."
page "chain, one query pass" "200 OK" 3 query_cap 1 /chain --max-query-passes 1
footer "chain, one query pass: footer" "Rendered in 3 passes: one waited for the query favourite; the page set author \
for its own next pass; the header above shows its initial values. What the page asked for last, the query \
by_author, was not loaded any more."
page "chain, no re-renders" "200 OK" 2 soft_cap 0 /chain --allowed-rerenders-count 0
footer "chain, no re-renders: footer" "Rendered in 2 passes: one waited for the query favourite; the header above shows \
its initial values. What the page set last was dropped."
page "chain, endless query passes" "200 OK" 5 settled 0 /chain --max-query-passes Infinity

page "broken" "503 Service Unavailable" 2 settled 0 /broken
expect "broken: the page says so" 1 "$(has 'the query failed with the code <code>database</code>')"
expect "broken: the browser gets the code" 1 "$(has '"queries":{"[\"comments\",null]":{"failed":"database"}}')"
expect "broken: the reason is in the log alone" "0, 1" \
    "$(has 'no such table'), $(grep -c 'failed.* database: no such table: comments$' "$dir/err")"
expect "broken: a header of the page" "60" "$(header Retry-After)"
page "broken, prefetched" "503 Service Unavailable" 2 settled 0 /broken --prefetch-loaders

once /old
expect "old" "exit 0, HTTP/1.1 301 Moved Permanently, to /ideas, 1 passes, redirect, 0 bytes, said 0, type ''" \
    "exit $code, $(sed -n 1p "$dir/head"), to $(header Location), $(header X-Ssr-Passes) passes, \
$(header X-Ssr-Outcome), $(wc -c <"$dir/body") bytes, said $(header Content-Length), type '$(header Content-Type)'"

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
page "one idea, allowed 0" "200 OK" 2 soft_cap 0 /ideas/2 --allowed-rerenders-count 0
page "flip" "200 OK" 26 hard_cap 1 /flip

for path in /nothing // /ideas/ /ideas/0 /ideas/01 /ideas/-1 /ideas/1/ /ideas/1x /ideas/99999999999999999999 \
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
expect "policy" "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
base-uri 'none'; form-action 'self'; frame-ancestors 'none'" "$(header Content-Security-Policy)"
once /style.css
expect "style sheet" "HTTP/1.1 200 OK text/css; charset=utf-8" "$(sed -n 1p "$dir/head") $(header Content-Type)"
expect "style sheet: not rendered" "0 passes, none" "$(header X-Ssr-Passes) passes, $(header X-Ssr-Outcome)"
for script in /client/index.js /client/atoms.js /browser/app.js /browser/stores.js; do
    once $script
    expect "script $script" "HTTP/1.1 200 OK text/javascript; charset=utf-8" \
        "$(sed -n 1p "$dir/head") $(header Content-Type)"
done
once /browser/island.js
expect "no bundle of the island" "HTTP/1.1 404 Not Found" "$(sed -n 1p "$dir/head")"
page "island without its bundle" "200 OK" 2 settled 0 /island
expect "island without its bundle: it says so" "1 0" "$(has 'id="no-island"') $(has 'src="/browser/island.js"')"
echo "bundle()" >"$dir/island.js"
page "island" "200 OK" 2 settled 0 /island --island "$dir/island.js"
expect "island: its script" "0 1" "$(has 'id="no-island"') $(has 'src="/browser/island.js"')"
once /browser/island.js --island "$dir/island.js"
expect "island: the bundle" "text/javascript; charset=utf-8 bundle()" "$(header Content-Type) $(cat "$dir/body")"
once / --island "$dir/nothing.js"
expect "island: no such bundle" "exit 1, 1" "exit $code, $(grep -c "^ssrdemo: cannot read the island '.*/nothing.js'" "$dir/err")"
once /favicon.svg
expect "icon" "HTTP/1.1 200 OK image/svg+xml" "$(sed -n 1p "$dir/head") $(header Content-Type)"

once /ideas
expect "log: text by default" 1 "$(grep -c '^/ideas: settled in 3 passes' "$dir/err")"
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
config '{"ssr":{"maxQueryPasses":1}}'
page "config, query passes" "200 OK" 3 query_cap 1 /chain --config "$dir/config.json"
page "config, query passes, flag wins" "200 OK" 5 settled 0 /chain --config "$dir/config.json" --max-query-passes 2
config '{"ssr":{"prefetchLoadersBeforePageRender":true}}'
page "config, prefetch" "200 OK" 4 settled 0 /chain --config "$dir/config.json"

# ---- Types: only the declarations, on standard output ----

"$demo" --types >"$dir/out" 2>"$dir/err"
expect "types: exit status, and no log" "0 0" "$? $(wc -c <"$dir/err" | tr -d ' ')"
expect "types: begins as a module" "import 'ssrstore';" "$(head -n 1 "$dir/out")"
expect "types: a stated one" 1 "$(grep -cFx '    breadcrumb: [text: string, href: string | null][];' "$dir/out")"
expect "types: that of a default" 1 "$(grep -cFx '    "page.title": string;' "$dir/out")"
expect "types: what a query takes" 1 "$(grep -c '^    by_author: { args: string; data: { author: string; ' "$dir/out")"

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
refused "negative query passes" "'-1'" --max-query-passes -1
refused "a value for a flag without" "'yes'" --prefetch-loaders=yes
refused "delay too large" "'60001'" --loader-delay 60001
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

# start FLAG...: a server at $url, its log in $dir/err.server
start() {
    : >"$dir/address"
    "$demo" --port 0 --log off "$@" >"$dir/address" 2>"$dir/err.server" &
    server=$!
    tries=0
    until grep -q http "$dir/address" || [ $tries -eq 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    url=$(sed -n 's|.*\(http://[0-9.:]*\)/.*|\1|p' "$dir/address")
    port=${url##*:}
}

# ended NAME: the server, which was told to stop, does so without a word; a sanitizer would have one
ended() {
    wait "$server"
    expect "$1" "exit 0, 0 bytes logged" "exit $?, $(wc -c <"$dir/err.server") bytes logged"
    server=
}

fetch() { curl -s -m 20 --path-as-is "$@"; }

# answers FILE: status, passes and outcome of each response whose head is in the file
answers() {
    tr -d '\r' <"$1" | awk '/^HTTP\// { status = $2 } /^X-Ssr-Passes:/ { passes = $2 } /^X-Ssr-Outcome:/ { outcome = $2 }
        /^$/ { print status, passes, outcome }'
}

# answer CURL_ARGUMENTS: that of one response, without its body
answer() {
    fetch -D "$dir/answer" -o /dev/null "$@"
    answers "$dir/answer"
}

# milliseconds since an arbitrary moment
now() { date +%s%3N; }

start
expect "the address is printed" "http://127.0.0.1:$port" "$url"

fetch -D "$dir/head" -o "$dir/body" "$url/ideas/2"
tr -d '\r' <"$dir/head" >"$dir/lines" && mv "$dir/lines" "$dir/head"
expect "GET" "HTTP/1.1 200 OK, 3 passes, settled" \
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
for target in http://other.example/ideas/2 HTTPS://other.example:443/ideas/2?x=http://a/ideas /ideas/2; do
    expect "the target $target" 3 "$(fetch -o /dev/null -w '%header{x-ssr-passes}' --request-target "$target" "$url")"
done
for target in http://other.example http://other.example?theme=dark; do
    expect "the target $target" "200 1" \
        "$(fetch -o /dev/null -w '%{http_code} %header{x-ssr-passes}' --request-target "$target" "$url/nothing")"
done
expect "404 for an escaped NUL" 404 "$(fetch -o /dev/null -w '%{http_code}' "$url/ideas%00")"
expect "POST" "405 Allow: GET, HEAD" "$(
    fetch -X POST -d 'vote=1' -o /dev/null -D "$dir/head" -w '%{http_code} ' "$url/ideas"
    tr -d '\r' <"$dir/head" | grep '^Allow:'
)"
expect "style sheet over HTTP" "200 text/css; charset=utf-8" \
    "$(fetch -o /dev/null -w '%{http_code} %{content_type}' "$url/style.css")"

refused "port in use" "port $port is in use" --port "$port"

expect "301" "to $url/ideas 301 1 redirect" "to $(answer -w '%{redirect_url} ' "$url/old")"
expect "301, followed over the same connection" "1 connects 301 1 redirect 200 3 settled " \
    "$(answer -L -w '%{num_connects} connects ' "$url/old" | tr '\n' ' ')"
expect "503" "503 2 settled" "$(answer "$url/broken")"
expect "404 of a loaded page" "404 3 settled" "$(answer "$url/ideas/13")"

# Nobody waits here, so wakes come whenever they can: before, while and after a connection goes to sleep.
pids=
for i in 1 2 3 4; do
    fetch -D "$dir/many.$i" "$url/chain?[1-150]" >/dev/null &
    pids="$pids $!"
done
# shellcheck disable=SC2086
wait $pids
expect "600 requests that hardly wait" "600 200 5 settled" \
    "$(for i in 1 2 3 4; do answers "$dir/many.$i"; done | sort | uniq -c | sed 's/^ *//')"

kill -TERM "$server"
ended "SIGTERM ends it gracefully"

# ---- While loaders are at work ----

start --loader-delay 150

pids=
for i in $(seq 50); do
    case $((i % 5)) in
    0) path=/ideas ;;
    1) path=/chain ;;
    2) path=/ideas/$((i % 12 + 1)) ;;
    3) path=/broken ;;
    4) path=/ideas/$((i + 12)) ;;
    esac
    printf '%s' "$path" >"$dir/slow.$i.path"
    fetch -D "$dir/slow.$i.head" -o "$dir/slow.$i" "$url$path" &
    pids="$pids $!"
done
expect "the others are served meanwhile" "200 1 settled" "$(answer "$url/")"
# shellcheck disable=SC2086
wait $pids
for i in $(seq 50); do
    path=$(cat "$dir/slow.$i.path")
    once "$path" --log off
    expect "slow $i, $path" "$(sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$dir/head") $(header X-Ssr-Passes) settled same" \
        "$(answers "$dir/slow.$i.head") $(cmp -s "$dir/body" "$dir/slow.$i" && echo same)"
done

expect "HEAD while loaders are at work" "0 bytes 200 5 settled" "$(answer -I -w '%{size_download} bytes ' "$url/chain")"
expect "three that wait over one connection" "1 0 0 connects 200 3 settled 200 5 settled 503 2 settled " "$(
    fetch -D "$dir/answer" -o /dev/null -o /dev/null -o /dev/null -w '%{num_connects} ' \
        "$url/ideas" "$url/chain" "$url/broken"
    echo "connects $(answers "$dir/answer" | tr '\n' ' ')"
)"

for i in 1 2 3 4 5 6; do
    curl -s -m 0.1 -o /dev/null "$url/chain"
    expect "client $i goes away" 28 $?
done
expect "the server is still there" "200 5 settled" "$(answer "$url/chain")"

fetch -D "$dir/last" -o /dev/null "$url/chain" &
last=$!
curl -s -m 0.1 -o /dev/null "$url/chain"
kill -TERM "$server"
wait "$last"
expect "SIGTERM: who waits is served" "200 5 settled" "$(answers "$dir/last")"
ended "SIGTERM while loaders are at work"

start --loader-delay 30000
rm -f "$dir/last"
fetch -D "$dir/last" -o "$dir/body" "$url/chain" &
last=$!
sleep 0.3
expect "the others need not wait" "200 1 settled, nothing yet" \
    "$(answer "$url/"), $([ -s "$dir/last" ] || echo nothing yet)"
began=$(now)
kill -TERM "$server"
sleep 0.3
kill -TERM "$server"
wait "$last"
expect "a second SIGTERM: who waits is told so" "503 1 cancelled" "$(answers "$dir/last")"
expect "a second SIGTERM: nothing pending is shown" "0, 1" "$(has 'not here yet'), $(has '<h1>This page did not work out')"
ended "a second SIGTERM"
expect "a second SIGTERM waits for nobody" "yes" "$([ $(($(now) - began)) -lt 4000 ] && echo yes)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
