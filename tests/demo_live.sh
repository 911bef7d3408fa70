#!/bin/sh
# tests/demo_live.sh SSRDEMO - what the demo tells in development about its renders, and that it tells it then alone.
set -u
export LC_ALL=C

demo=$1
. "$(dirname "$0")/demo_expect.sh"

start() {
    : >"$dir/address"
    "$demo" --port 0 --log off "$@" >"$dir/address" 2>"$dir/err" &
    server=$!
    tries=0
    until grep -q http "$dir/address" || [ $tries -eq 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    url=$(sed -n 's|.*\(http://[0-9.:]*\)/.*|\1|p' "$dir/address")
}

# ended NAME: the server, told to stop, does so without a word; a sanitizer would have one
ended() {
    kill -TERM "$server"
    wait "$server"
    expect "$1: exit status, words" "0, 0" "$?, $(wc -c <"$dir/err")"
    server=
}

# get PATH [CURL_ARGUMENTS]: the answer in $dir/head and $dir/body
get() {
    path=$1
    shift
    curl -s -m 20 -D "$dir/answer" -o "$dir/body" "$@" "$url$path"
    tr -d '\r' <"$dir/answer" >"$dir/head"
}

status() { sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$dir/head"; }
header() { sed -n "s/^$1: //p" "$dir/head"; }
badge() { grep -o '<a class="badge[^>]*>[^<]*</a>' "$dir/body"; }
records() { grep -c "type=\"application/json\" id=\"record-" "$dir/body"; }

# ---- Flags, without a socket ----

"$demo" --stop-on-cycle --once /flip >"$dir/body" 2>"$dir/err"
expect "--stop-on-cycle: exit status, outcome, error lines" "0, cycle, 1" \
    "$?, $(sed -n 's/^X-Ssr-Outcome: //p' "$dir/body"), $(grep -c '^SSR ' "$dir/err")"
expect "--stop-on-cycle: the line" 1 "$(grep -c '^SSR stores/cookies repeat with period 2 (stopOnCycle)' "$dir/err")"
expect "--stop-on-cycle: fewer passes than to the cap" yes \
    "$([ "$(sed -n 's/^X-Ssr-Passes: //p' "$dir/body")" -lt 26 ] && echo yes)"
"$demo" --stop-on-cycle --once /chain >"$dir/body" 2>/dev/null
expect "--stop-on-cycle: a page that settles does" settled "$(sed -n 's/^X-Ssr-Outcome: //p' "$dir/body")"
printf '{"ssr":{"stopOnCycle":true}}' >"$dir/config"
expect "the file says so too" cycle \
    "$("$demo" --config "$dir/config" --once /flip 2>/dev/null | sed -n 's/^X-Ssr-Outcome: //p')"
"$demo" --once /flip 2>/dev/null >"$dir/body"
expect "without it: the cap" hard_cap "$(sed -n 's/^X-Ssr-Outcome: //p' "$dir/body")"

for flag in --stop-on-cycle=1 --dev=yes --log-file=; do
    "$demo" "$flag" --once / >/dev/null 2>"$dir/err"
    expect "$flag: refused in one line" "2, 1" "$?, $(grep -c "^ssrdemo: ${flag%=*} needs " "$dir/err")"
done
"$demo" --log-file "$dir/none/log" --once / >/dev/null 2>"$dir/err"
expect "a log file that cannot be" "2, 1" "$?, $(grep -c '^ssrdemo: cannot open the log file' "$dir/err")"
for flag in --stop-on-cycle --dev --log-file; do
    expect "--help tells of $flag" 1 "$("$demo" --help | grep -c "^  $flag ")"
done

"$demo" --log off --log-file "$dir/log" --once /ideas >/dev/null 2>"$dir/err"
"$demo" --log text --log-file "$dir/log" --once /flip >/dev/null 2>>"$dir/err"
expect "--log-file appends records and error lines, a line each" "3 lines, 2 records, 1 error" \
    "$(wc -l <"$dir/log") lines, $(grep -c '^{"v":1,' "$dir/log") records, $(grep -c '^{"category":"ssr"' "$dir/log") error"
expect "and standard error gets its own" 1 "$(grep -c '^SSR ' "$dir/err")"

# A page in development is the page and its badge.
for path in / /ideas /chain /lua/chain /nowhere /broken; do
    "$demo" --log off --once $path | sed '1,/^$/d' >"$dir/plain"
    "$demo" --log off --dev --once $path >"$dir/out"
    sed '1,/^$/d' "$dir/out" >"$dir/body"
    expect "$path: its length" "$(wc -c <"$dir/body")" "$(sed -n 's/^Content-Length: //p' "$dir/out")"
    expect "$path: one badge" 1 "$(badge | wc -l)"
    expect "$path: no badge elsewhere" 0 "$(grep -c 'class="badge' "$dir/plain")"
    sed 's|<a class="badge[^>]*>[^<]*</a>||' "$dir/body" | cmp -s - "$dir/plain"
    expect "$path: nothing else differs" 0 $?
done
"$demo" --log off --dev --once /chain >"$dir/body"
expect "the badge tells how it went" 1 "$(badge | grep -cE 'class="badge".*>5 passes .* [0-9.]+ ms .* settled<')"
"$demo" --log off --dev --once /flip >"$dir/body"
expect "and that it went wrong" 1 "$(badge | grep -c 'class="badge unsettled".*>26 passes .* hard_cap<')"
"$demo" --log off --dev --once /old >"$dir/body"
expect "a redirect has none, but is timed" "0, 1" \
    "$(badge | wc -l), $(grep -c '^Server-Timing: total;desc="redirect"' "$dir/body")"
"$demo" --log off --dev --stop-on-cycle --once /flip >"$dir/body"
expect "Server-Timing" 1 "$(grep -c '^Server-Timing: total;desc="cycle";dur=[0-9.]*, pass;desc="1";dur=' "$dir/body")"

# ---- A visitor's server ----

start
for path in /_ssr /_ssr.css /_ssr.js /metrics; do
    get $path
    expect "$path is not there" 404 "$(status)"
done
get /ideas
expect "no badge and no times" "0, " "$(badge | wc -l), $(header Server-Timing)"
ended "a visitor's server"

# ---- A server in development ----

# Reads the text format: prints what is wrong with it, and "good" when nothing is.
cat >"$dir/check.awk" <<'END'
function bad(why) { print FNR ": " why ": " $0; wrong = 1 }
/^# HELP [a-z_]+ ./ { if ($3 in help) bad("a second HELP"); help[$3] = 1; name = $3; next }
/^# TYPE [a-z_]+ (counter|histogram)$/ {
    if (!($3 in help) || $3 != name || $3 in type) bad("TYPE")
    type[$3] = $4
    next
}
!/^[a-z_]+([{][a-z]+="([^"\\]|\\[\\"n])*"(,[a-z]+="([^"\\]|\\[\\"n])*")*[}])? [0-9][0-9.e+-]*$/ { bad("no sample"); next }
{
    family = $1
    sub(/[{].*/, "", family)
    if (seen[$1]++) bad("a second time")
    if (type[name] == "counter" && (family != name || name !~ /_total$/)) bad("not of the counter")
    if (type[name] == "histogram") {
        if (family !~ "^" name "_(bucket|sum|count)$") bad("not of the histogram")
        series = $1
        sub(/^[^{]*/, "", series)
        sub(/,?le="[^"]*"/, "", series)
        if (series == "{}") series = ""
        if (family ~ /_bucket$/) {
            if ($2 < last[name series]) bad("less than in the bucket before")
            last[name series] = $2
            if ($1 ~ /le="\+Inf"/) all[name series] = $2
        }
        if (family ~ /_count$/ && $2 != all[name series]) bad("not what is in +Inf")
    }
}
END { for (one in help) if (!(one in type)) bad("no TYPE of " one); if (!wrong) print "good" }
END

# metric SAMPLE
metric() { awk -v sample="$1" '$1 == sample { print $2 }' "$dir/body"; }

start --dev
get /metrics
expect "metrics before anything" "200, text/plain; version=0.0.4; charset=utf-8, no-store" \
    "$(status), $(header Content-Type), $(header Cache-Control)"
expect "metrics before anything: the format" good "$(awk -f "$dir/check.awk" "$dir/body")"
expect "metrics before anything: zero" 0 "$(metric 'ssr_renders_total{outcome="settled"}')"

bytes=0
for path in / /chain /override /flip /old /broken '/chain?x'; do
    get "$path"
    bytes=$((bytes + $(wc -c <"$dir/body") - $(badge | tr -d '\n' | wc -c)))
done
expect "each answer has its own badge" 1 "$(get /ideas && badge | grep -c 'href="/_ssr#[0-9a-f]\{16\}"')"
bytes=$((bytes + $(wc -c <"$dir/body") - $(badge | tr -d '\n' | wc -c)))
expect "and its times" 1 "$(header Server-Timing | grep -c '^total;desc="settled";dur=.*query;desc="ideas"')"
get /style.css
get /metrics
expect "metrics: the format" good "$(awk -f "$dir/check.awk" "$dir/body")"
expect "metrics: outcomes" "6 1 1 0" "$(for outcome in settled hard_cap redirect cycle; do
    metric "ssr_renders_total{outcome=\"$outcome\"}"
done | tr '\n' ' ' | sed 's/ $//')"
expect "metrics: passes" "1:2 2:4 3:5 4:5 5:7 8:7 13:7 26:8 +Inf:8 sum:45 count:8" "$(
    for bound in 1 2 3 4 5 8 13 26 +Inf; do
        echo "$bound:$(metric "ssr_passes_bucket{le=\"$bound\"}")"
    done | tr '\n' ' '
)sum:$(metric ssr_passes_sum) count:$(metric ssr_passes_count)"
expect "metrics: times of renders and of queries" "8 2 2 1 1" "$(metric ssr_render_seconds_count) \
$(metric 'ssr_query_seconds_count{query="favourite"}') $(metric 'ssr_query_seconds_count{query="by_author"}') \
$(metric 'ssr_query_seconds_count{query="comments"}') $(metric 'ssr_query_seconds_count{query="ideas"}')"
expect "metrics: bytes, refused, error lines" "$bytes 0 1" \
    "$(metric ssr_html_bytes_total) $(metric ssr_refused_total) $(metric ssr_error_lines_total)"

get /_ssr
expect "the live view" "200, text/html; charset=utf-8, no-store, nosniff" \
    "$(status), $(header Content-Type), $(header Cache-Control), $(header X-Content-Type-Options)"
expect "its policy" "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; \
frame-ancestors 'none'" "$(header Content-Security-Policy)"
expect "it is linked, not inline" "1, 1, 0" "$(grep -c '<link rel="stylesheet" href="/_ssr.css">' "$dir/body"), \
$(grep -c '<script src="/_ssr.js">' "$dir/body"), $(grep -c '<style' "$dir/body")"
expect "it has the renders, the oldest first" "/ /chain /override /flip /old /broken /chain /ideas " \
    "$(grep 'id="record-' "$dir/body" | grep -o '"location":"[^"]*","lateWrites\|"location":"[^"]*","maxQ' |
        cut -d '"' -f 4 | tr '\n' ' ')"
get /_ssr
expect "and none of its own" 8 "$(records)"
for part in css:text/css js:text/javascript; do
    get "/_ssr.${part%:*}"
    expect "/_ssr.${part%:*}" "200, ${part#*:}; charset=utf-8, no-store, there" \
        "$(status), $(header Content-Type), $(header Cache-Control), $([ -s "$dir/body" ] && echo there)"
done
for path in /_ssr /metrics; do
    get $path -d x=1
    expect "$path takes no POST" "405, GET, HEAD" "$(status), $(header Allow)"
    get $path -I
    expect "$path has a HEAD" 200 "$(status)"
done
get /_ssr/x
expect "below it is nothing" 404 "$(status)"

seq -f "url = \"$url/ideas/%.0f\"" 1 220 | sed 's|$|\noutput = /dev/null|' >"$dir/many"
curl -s -m 60 -K "$dir/many"
get /override
id=$(badge | sed 's/.*#\([0-9a-f]*\)".*/\1/')
get /_ssr
expect "the last 200, and how many there were" "200, 230" \
    "$(records), $(grep -o '"total":[0-9]*' "$dir/body" | head -1 | cut -d : -f 2)"
expect "the newest is the last one" 1 "$(grep 'id="record-200"' "$dir/body" | grep -c "\"id\":\"$id\"")"
get /metrics
expect "metrics go on" "230, good" "$(metric ssr_passes_count), $(awk -f "$dir/check.awk" "$dir/body")"
ended "a server in development"

# Loaders at work, and requests at the same time.
start --dev --loader-delay 20 --log-file "$dir/log2"
for i in 1 2 3 4 5 6 7 8; do
    for path in /chain /ideas /lua/chain /metrics /_ssr; do
        printf 'url = "%s"\noutput = /dev/null\n' "$url$path"
    done
done >"$dir/many"
curl -s -m 60 --parallel --parallel-max 12 -K "$dir/many" 2>"$dir/progress"
get /metrics
expect "many at once" "24, 24, good" \
    "$(metric ssr_passes_count), $(grep -c '^{"v":1,' "$dir/log2"), $(awk -f "$dir/check.awk" "$dir/body")"
get /chain
expect "waiting is in the time" 1 "$(badge | grep -cE '>5 passes .* ([4-9][0-9]|[1-9][0-9]{2,}) ms')"
ended "many at once"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
