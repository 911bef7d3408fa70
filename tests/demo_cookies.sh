#!/bin/sh
# tests/demo_cookies.sh SSRDEMO - the demo's cookies, as a browser would see them: what they cost, what is sent, what
# comes back, and what is refused. curl's cookie engine plays the browser.
set -u
export LC_ALL=C
unset SSRDEMO_COOKIE_KEYS

demo=$1
. "$(dirname "$0")/demo_expect.sh"

new_secret() { od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'; }

old_key=old:$(new_secret)
new_key=new:$(new_secret)
printf '%s\n' "$old_key" >"$dir/keys"

# ---- Without a socket ----

# split: the answer in $dir/out becomes $dir/head, without carriage returns, and $dir/body
split() {
    tr -d '\r' <"$dir/out" | sed '/^$/,$d' >"$dir/head"
    sed '1,/^\r\{0,1\}$/d' "$dir/out" >"$dir/body"
}

# once PATH [FLAG...]
once() {
    "$demo" --once "$@" >"$dir/out" 2>"$dir/err"
    split
}

status() { sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$dir/head"; }
header() { sed -n "s/^$1: //p" "$dir/head"; }
passes() { header X-Ssr-Passes; }
has() { grep -cF -- "$1" "$dir/body"; }
theme() { sed -n 's/^<html lang="en" data-theme="\([^"]*\)">$/\1/p' "$dir/body"; }
shown() { sed -n 's|^<p class="jar">.*<strong>\(.*\)</strong></p>$|\1|p' "$dir/body"; }
notices() { sed -n 's|^<p class="notice"[^>]*>\(.*\)</p>$|\1|p' "$dir/body"; }
user() { sed -n 's|^<nav aria-label="You".*<a href="[^"]*">\([^<]*\)</a></li></ul></nav>$|\1|p' "$dir/body"; }
footer() { sed -n 's/^<p>\(<strong>Rendered in .*\)<\/p>$/\1/p' "$dir/body" | sed 's/<[^>]*>//g'; }
errors() { grep -c '^SSR ' "$dir/err"; }

gone='biscuit=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; SameSite=Lax'

# row NAME PASSES SENT SHOWN PATH [FLAG...]: a line of the table in docs/cookies.md, in C and in Lua
row() {
    name=$1 wanted="200, $2 passes, sent <$3>, shown <$4>"
    path=$5
    shift 5
    for root in '' /lua; do
        once "$root/cookies/$path" "$@"
        expect "$name $root" "$wanted" "$(status), $(passes) passes, sent <$(header Set-Cookie)>, shown <$(shown)>"
        expect "$name $root: one Set-Cookie at the most" 0 "$(($(grep -c '^Set-Cookie:' "$dir/head") > 1))"
        expect "$name $root: private" "private, no-store" "$(header Cache-Control)"
    done
}

ginger='biscuit=ginger; Path=/; SameSite=Lax'
row "set, the header shows it" 2 "$ginger" ginger set
row "set over another" 2 "$ginger" ginger set --cookie biscuit=oat
row "set to what was carried" 1 "$ginger" ginger set --cookie biscuit=ginger
row "set, no re-renders" 1 "$ginger" none set --allowed-rerenders-count 0
expect "set, no re-renders: footer" "Rendered in 1 pass: the header above shows its initial values. What the page \
set last is not shown: stores drop it, cookies are sent nevertheless." "$(footer)"
row "set over another, no re-renders" 1 "$ginger" oat set --allowed-rerenders-count 0 --cookie biscuit=oat
row "another value in every pass" 3 'biscuit=No.%203; Path=/; SameSite=Lax' 'No. 2' unstable --forbidden-rerenders-count 2
expect "another value in every pass: one error" 1 "$(errors)"
expect "another value in every pass: footer" "Rendered in 3 passes: the page set the cookie biscuit (2 times) after the \
header above it had been rendered. What the page set last is not shown: stores drop it, cookies are sent nevertheless." \
    "$(footer)"
row "from a store" 3 'biscuit=oat; Path=/; SameSite=Lax' oat from-store
expect "from a store: footer" "Rendered in 3 passes: the page set order for its own next pass, and the cookie biscuit \
after the header above it had been rendered." "$(footer)"
row "into a store" 2 '' ginger to-store --cookie biscuit=ginger
expect "into a store: it is there" 1 "$(has '<p>The store <code>order</code>: <strong>ginger</strong></p>')"
row "into a store, nothing carried" 1 '' none to-store
row "set, then deleted; nobody had it" 1 "$gone" none set-delete
row "set, then deleted; carried" 2 "$gone" none set-delete --cookie biscuit=oat
row "deleted, then set; carried" 2 'biscuit=shortbread; Path=/; SameSite=Lax' shortbread delete-set --cookie biscuit=oat
row "deleted; nobody had it" 1 "$gone" none delete
row "deleted; carried" 2 "$gone" none delete --cookie biscuit=oat

# What the header reads.
row "a value with escapes" 2 '' '&lt;&quot;ü&quot; &amp;' to-store --cookie 'biscuit=%3C%22%C3%BC%22%20%26'
row "an empty value is a value" 2 '' '' to-store --cookie biscuit=
row "the first of a name counts" 2 '' oat to-store --cookie 'biscuit=oat; biscuit=ginger'
row "in several headers, too" 2 '' oat to-store --cookie a=b --cookie 'c=d; biscuit=oat' --cookie biscuit=ginger
row "among whatever else" 2 '' oat to-store --cookie "$(printf ';;=;\001=\002;"\377"; =x; biscuit=oat;;')"
long=$(printf %08000d 0)
row "behind 8 KB" 2 '' oat to-store --cookie "long=$long; biscuit=oat"
row "in a header behind 8 KB" 2 '' oat to-store --cookie "long=$long" --cookie biscuit=oat

# crowd COUNT: so many cookies
crowd() { seq -f 'c%g=1;' "$1" | tr '\n' ' '; }

# More than the engine takes is not the server's fault: RFC 6585 5.
too_many="431, Request Header Fields Too Large, limit, no-store, Your browser sent too many cookies: delete those of \
this site."
refusal() {
    echo "$(status), $(sed -n '1s/^[^ ]* [0-9]* //p' "$dir/head"), $(header X-Ssr-Outcome), $(header Cache-Control), \
$(cat "$dir/body")"
}
for root in '' /lua; do
    once "$root/override" --cookie "$(crowd 300)"
    expect "$root 300 cookies" "200, settled" "$(status), $(header X-Ssr-Outcome)"
    once "$root/override" --cookie "$(crowd 301)" --log json
    expect "$root 301 cookies" "$too_many" "$(refusal)"
    expect "$root 301 cookies: the log says it once, in the record" "1, 1" \
        "$(wc -l <"$dir/err"), $(grep -c 'ssr_limits.cookies' "$dir/err")"
    once "$root/override" --cookie "$(crowd 151)" --cookie "$(crowd 150)"
    expect "$root 301 cookies in two headers" "$too_many" "$(refusal)"
    once "$root/override" --cookie "long=$(printf %065532d 0)"
    expect "$root 64 KiB plus one" "$too_many" "$(refusal)"
done

for root in '' /lua; do
    once "$root/cookies"
    expect "$root all lines are listed" "$(for name in set unstable from-store to-store set-delete delete-set delete; do
        printf '%s/cookies/%s ' "$root" $name; done)" \
        "$(sed -n 's/^<li><a href="\([^"]*\)">.*/\1/p' "$dir/body" | tr '\n' ' ')"
    expect "$root with nothing set: 1 pass" "200, 1, <>" "$(status), $(passes), <$(header Set-Cookie)>"
    once "$root/cookies/set"
    expect "$root breadcrumb" 1 "$(has "\"breadcrumb\":[[\"Cookies, both ways\",\"$root/cookies\"],[\"Set one\",null]]")"
    once "$root/cookies/none"
    expect "$root no such line" 404 "$(status)"

    for value in dark light auto; do
        once "$root/theme?set=$value" --cookie theme=other
        expect "$root theme $value" "200, 2, $value, theme=$value; Path=/; Max-Age=31536000; SameSite=Lax" \
            "$(status), $(passes), $(theme), $(header Set-Cookie)"
        expect "$root theme $value: a word" 1 "$(has "Theme: $value</a>")"
        once "$root/theme?set=$value" --cookie theme=$value
        expect "$root theme $value, carried" "200, 1, $value, theme=$value; Path=/; Max-Age=31536000; SameSite=Lax" \
            "$(status), $(passes), $(theme), $(header Set-Cookie)"
        expect "$root theme $value, carried: it is the one" "$value" \
            "$(sed -n 's|.*href="[^"]*?set=\([a-z]*\)" aria-current="true".*|\1|p' "$dir/body")"
    done
    once "$root/theme?set=dark"
    expect "$root theme: footer" "Rendered in 2 passes: the page set the cookie theme after the header above it had been \
rendered." "$(footer)"
    once "$root/theme?set=dark" --allowed-rerenders-count 0 --cookie theme=light
    expect "$root theme, no re-renders" "1, light, theme=dark" "$(passes), $(theme), $(header Set-Cookie | sed 's/;.*//')"
    for bad in '' pink DARK 'dark%00' 'dark%0d%0aX-Evil:%201' "$(printf 'dark\377')" "dark$long"; do
        once "$root/theme?set=$bad"
        expect "$root no theme $(printf %.12s "$bad" | tr -c '[:print:]' '?')" "400, 2, auto, <>, 1" \
            "$(status), $(passes), $(theme), <$(header Set-Cookie)>, $(notices | grep -c '^There is no such theme')"
    done
    for other in '' '?' '?set' '?reset=dark' '?a=b&c' '#?set=dark'; do
        once "$root/theme$other"
        expect "$root nothing set by '$other'" "200, 1, <>" "$(status), $(passes), <$(header Set-Cookie)>"
    done
    once "$root/theme?a=b&set=%64ark&set=light#x"
    expect "$root the first set counts, escapes resolved" dark "$(theme)"
    for odd in '"dark"' '<script>' "$long" '%64ark'; do
        once "$root/" --cookie "theme=$odd"
        expect "$root the theme is one of three" auto "$(theme)"
    done
    once "$root/sign-out"
    expect "$root nothing to GET" "405, POST" "$(status), $(header Allow)"
done

once '/theme?set=dark' --behind-tls
expect "behind TLS: Secure" "theme=dark; Path=/; Max-Age=31536000; Secure; SameSite=Lax" "$(header Set-Cookie)"
once '/theme?set=dark' --log text
expect "the log shows what says so" 1 "$(grep -c '^    cookie "theme" changed' "$dir/err")"
once / --cookie session=forged.secret
expect "an unreadable session: 200, signed out" "200, Sign in" "$(status), $(user)"
expect "an unreadable session: listed without its value" "1, 0" \
    "$(grep -c '^    refused: .*session.*seal_form' "$dir/err"), $(grep -c 'secret' "$dir/err")"

# ---- Wrong usage, and keys ----

# refused NAME MENTIONS FLAG...
refused() {
    name=$1
    mentions=$2
    shift 2
    "$demo" "$@" >"$dir/out" 2>"$dir/err"
    expect "$name" "exit 2, 0 bytes, 1 line, 1 mention" \
        "exit $?, $(wc -c <"$dir/out") bytes, $(wc -l <"$dir/err") line, $(grep -cF -- "$mentions" "$dir/err") mention"
    expect "$name: no secret is told" 0 "$(grep -c '[0-9a-fA-F]\{60\}' "$dir/err")"
}

# bad_keys NAME MENTIONS TEXT: as a file and as the variable
bad_keys() {
    printf '%s' "$3" >"$dir/bad"
    refused "$1, file" "$2" --once / --cookie-key-file "$dir/bad"
    SSRDEMO_COOKIE_KEYS=$3
    export SSRDEMO_COOKIE_KEYS
    refused "$1, variable" "$2" --once /
    unset SSRDEMO_COOKIE_KEYS
}

refused "--cookie without --once" "--once" --cookie a=b
refused "--behind-tls with a value" "'yes'" --once / --behind-tls=yes
refused "no key file" "$dir/none" --once / --cookie-key-file "$dir/none"
refused "a folder as key file" "$dir" --once / --cookie-key-file "$dir"
bad_keys "no key" "no key is there" ''
bad_keys "blank keys" "no key is there" '  '
bad_keys "no id" "key 1: not a key" "${old_key#old}"
bad_keys "a short secret" "key 1: not a key" "${old_key%?}"
bad_keys "a long secret" "key 1: not a key" "${old_key}0"
bad_keys "no digit" "key 2: not a key" "$old_key ${new_key%?}x"
bad_keys "an id twice" "key 2: its id" "$old_key $old_key"
bad_keys "too many keys" "64 at the most" "$(for i in $(seq 65); do printf '%s:%s\n' "$i" "${old_key#old:}"; done)"
printf '%s\r\n\n%s' "$new_key" "$old_key" >"$dir/bad"
once / --cookie-key-file "$dir/bad"
expect "line ends of any kind" 200 "$(status)"

# ---- Over HTTP ----

# start FLAG...: a server at $url, its log in $dir/err.server
start() {
    : >"$dir/address"
    "$demo" --port 0 "$@" >"$dir/address" 2>"$dir/err.server" &
    server=$!
    tries=0
    until grep -q http "$dir/address" || [ $tries -eq 200 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    url=$(sed -n 's|.*\(http://[0-9.:]*\)/.*|\1|p' "$dir/address")
}

stop() {
    kill -TERM "$server"
    wait "$server"
    expect "$1" 0 $?
    server=
}

# fetch CURL_ARGUMENT...: the last answer as once leaves it. Nothing but headers is in a head, whatever was sent.
fetch() {
    curl -s -m 20 --path-as-is -i -o "$dir/out" "$@"
    split
    expect "a head of headers: $*" 0 "$(sed 1d "$dir/head" | grep -vc '^[A-Za-z-]*: [ -~]*$')"
}

# browse CURL_ARGUMENT...: the same with the jar $jar, which is sent and filled
browse() { fetch -b "$jar" -c "$jar" "$@"; }

# kept NAME: the value in the jar
kept() { awk -v name="$1" '{ sub(/^#HttpOnly_/, "") } $6 == name { print $7 }' "$jar"; }
kept_names() { awk 'NF >= 6 && !/^# / { print $6 }' "$jar" | sort | tr '\n' ' '; }

start --log off --cookie-key-file "$dir/keys"

for root in '' /lua; do
    jar=$dir/jar.theme$(echo "$root" | tr / .)
    : >"$jar"
    browse "$url$root/theme?set=dark"
    expect "$root a theme is kept" "200 2 dark dark" "$(status) $(passes) $(theme) $(kept theme)"
    browse "$url$root/"
    expect "$root and sent back" "200 1 dark" "$(status) $(passes) $(theme)"
    browse "$url$root/theme?set=dark"
    expect "$root and set again" "200 1 dark" "$(status) $(passes) $(theme)"
    browse "$url$root/theme?set=auto"
    browse "$url$root/ideas"
    expect "$root and changed" "200 3 auto auto" "$(status) $(passes) $(theme) $(kept theme)"
    for each in set unstable from-store to-store set-delete delete-set; do browse "$url$root/cookies/$each"; done
    expect "$root one after the other" shortbread "$(kept biscuit)"
    browse "$url$root/cookies/delete"
    expect "$root deleted, the browser forgets" "theme " "$(kept_names)"

    jar=$dir/jar.session$(echo "$root" | tr / .)
    : >"$jar"
    browse "$url$root/account"
    expect "$root nobody" "200 1 Sign in, 1" "$(status) $(passes) $(user), $(has 'Nobody is signed in.')"
    browse -d 'name=+Zo%C3%AB+%3CB%3E+' "$url$root/sign-in"
    expect "$root signing in" "303, to $root/account, 0 bytes, no-store" \
        "$(status), to $(header Location), $(wc -c <"$dir/body") bytes, $(header Cache-Control)"
    expect "$root signing in: attributes" "flash=; Path=/; Max-Age=300; HttpOnly; SameSite=Lax session=; Path=/; \
HttpOnly; SameSite=Lax " "$(header Set-Cookie | sed 's/=[^;]*/=/' | sort | tr '\n' ' ')"
    expect "$root a sealed name is nowhere" "0" "$(header Set-Cookie | grep -c 'Zo[^A-Za-z0-9_-]')"
    cp "$jar" "$dir/jar.before"
    browse "$url$root/old"
    expect "$root a page that redirects leaves the message" "301, flash session " "$(status), $(kept_names)"
    browse -I "$url$root/account"
    expect "$root HEAD says what GET would" "200 1, flash deleted" \
        "$(status) $(passes), flash $(header Set-Cookie | grep -q '^flash=; .*Max-Age=0' && echo deleted)"
    cp "$dir/jar.before" "$jar"
    browse "$url$root/ideas"
    expect "$root the message is shown, in all passes" "200 3 <Welcome, Zoë &lt;B&gt;.> session " \
        "$(status) $(passes) <$(notices)> $(kept_names)"
    browse "$url$root/account"
    expect "$root the message is shown once" "200 1 <>" "$(status) $(passes) <$(notices)>"
    expect "$root who it is" "Zoë &lt;B&gt;, 1" "$(user), $(has 'signed in as <strong>Zoë &lt;B&gt;</strong>, since a moment ago.')"
    cp "$dir/jar.before" "$jar"
    browse "$url$root/account"
    expect "$root the message costs no pass" "200 1 <Welcome, Zoë &lt;B&gt;.>" "$(status) $(passes) <$(notices)>"

    session=$(kept session)
    once "$root/account" --cookie "session=$session" --cookie-key-file "$dir/keys" --log off
    expect "$root a session is the keys', not the server's" "Zoë &lt;B&gt;" "$(user)"
    once "$root/account" --cookie "session=$session"
    expect "$root other keys, no session" "Sign in" "$(user)"
    for i in 1 5 9 20 40 60 "${#session}"; do
        character=$(printf %s "$session" | cut -c"$i")
        other=$([ "$character" = A ] && echo B || echo A)
        fetch -b "session=$(printf %s "$session" | sed "s/./$other/$i")" "$url$root/account"
        expect "$root a session with another character $i" "200 Sign in" "$(status) $(user)"
    done
    fetch -b "session=$(jar=$dir/jar.before kept flash)" "$url$root/account"
    expect "$root a flash is no session" "Sign in" "$(user)"

    browse -d '' "$url$root/sign-out"
    expect "$root signing out" "303, to $root/, flash " "$(status), to $(header Location), $(kept_names)"
    browse "$url$root/"
    expect "$root signed out" "200 1 Sign in <You have signed out.>, " "$(status) $(passes) $(user) <$(notices)>, $(kept_names)"
done

# Several headers, and long ones.
fetch -H 'Cookie: a=b' -H 'Cookie: theme=dark; c=d' -H 'Cookie: theme=light' "$url/"
expect "several Cookie headers" "200 dark" "$(status) $(theme)"
fetch -H "Cookie: long=$long; theme=dark" "$url/"
expect "a Cookie header of 8 KB" "200 dark" "$(status) $(theme)"
fetch -H "Cookie: long=$(printf %012000d 0); theme=dark" "$url/"
expect "a Cookie header of 12 KB" "200 dark" "$(status) $(theme)"
fetch -H "Cookie: long=$(printf %040000d 0); theme=dark" "$url/"
expect "a head without end" 431 "$(status)"
for root in '' /lua; do
    fetch -H "Cookie: $(crowd 301)" "$url$root/override"
    expect "$root 301 cookies over HTTP" "$too_many" "$(refusal)"
    fetch -H "Cookie: $(crowd 300)" "$url$root/override"
    expect "$root 300 cookies over HTTP" 200 "$(status)"
done
fetch -H "$(printf 'Cookie: a=\377\001; "b; theme=dark; =;;c')" "$url/lua"
expect "bytes of any kind" "200 dark" "$(status) $(theme)"

# posted NAME WANTED CURL_ARGUMENT...: status, Allow and how many cookies were set
posted() {
    name=$1 wanted=$2
    shift 2
    fetch "$@"
    expect "$name" "$wanted" "$(status) $(header Allow)/$(grep -c '^Set-Cookie:' "$dir/head")"
}

ada='name=Ada'
posted "a form" "303 /2" -d $ada "$url/sign-in"
posted "no form there" "405 GET, HEAD/0" -d $ada "$url/ideas"
posted "nor for a file" "405 GET, HEAD/0" -d $ada "$url/style.css"
posted "nor for nothing" "405 GET, HEAD/0" -d $ada "$url/nothing"
posted "PUT" "405 GET, HEAD, POST/0" -X PUT -d $ada "$url/sign-in"
posted "DELETE" "405 POST/0" -X DELETE "$url/sign-out"
posted "HEAD of what is posted to" "405 POST/0" -I "$url/sign-out"
posted "JSON" "415 /0" -H 'Content-Type: application/json' -d '{"name":"Ada"}' "$url/sign-in"
posted "multipart" "415 /0" -F $ada "$url/sign-in"
posted "a type that begins alike" "415 /0" -H 'Content-Type: application/x-www-form-urlencodedx' -d $ada "$url/sign-in"
posted "a body without a type" "415 /0" -H 'Content-Type:' -d $ada "$url/sign-in"
posted "a type in other words" "303 /2" -H 'Content-Type: Application/X-WWW-Form-URLencoded; charset=utf-8' -d $ada "$url/sign-in"
posted "nothing at all" "400 /0" -X POST "$url/sign-in"
posted "nothing at all, to sign out" "303 /2" -X POST "$url/sign-out"
posted "4096 bytes" "303 /2" -d "$ada&x=$(printf %04085d 0)" "$url/sign-in"
posted "4097 bytes" "413 /0" -d "$ada&x=$(printf %04086d 0)" "$url/sign-in"
head -c 3000000 /dev/zero | tr '\0' x >"$dir/large"
posted "3 MB" "413 /0" -H Expect: -H 'Content-Type: application/x-www-form-urlencoded' --data-binary @"$dir/large" "$url/sign-in"
posted "3 MB in pieces" "413 /0" -H Expect: -H 'Content-Type: application/x-www-form-urlencoded' -H 'Transfer-Encoding: chunked' \
    --data-binary @"$dir/large" "$url/sign-in"
posted "in pieces" "303 /2" -H 'Transfer-Encoding: chunked' -d $ada "$url/sign-in"
expect "a connection outlives what was refused" "413 1 303 0 " "$(
    curl -s -m 20 -o /dev/null -w '%{http_code} %{num_connects} ' -d "x=$(printf %05000d 0)" "$url/sign-in" \
        --next -s -m 20 -o /dev/null -w '%{http_code} %{num_connects} ' -d $ada "$url/sign-in"
)"

host=${url#http://}
posted "Origin: this site" "303 /2" -H "Origin: $url" -d $ada "$url/sign-in"
posted "Origin: this site, in capitals" "303 /2" -H "Origin: HTTP://$host" -d $ada "$url/sign-in"
posted "Origin: a proxy of this site" "303 /2" -H "Origin: https://$host" -d $ada "$url/sign-in"
for origin in null http://127.0.0.1 "http://$host.evil.example" "http://evil.example" "$host" "http://$host/" "ftp://$host"; do
    posted "Origin: $origin" "403 /0" -H "Origin: $origin" -d $ada "$url/sign-in"
done
posted "Sec-Fetch-Site: same-origin" "303 /2" -H 'Sec-Fetch-Site: same-origin' -d $ada "$url/sign-in"
for site in cross-site same-site none same-originx; do
    posted "Sec-Fetch-Site: $site" "403 /0" -H "Sec-Fetch-Site: $site" -H "Origin: $url" -d $ada "$url/sign-out"
done

for bad in 'name=' 'name=%20+%09' 'nam=Ada' 'other=1&names=Ada' 'name=a%0D%0ASet-Cookie:+evil=1' 'name=a%7Fb' \
    'name=a%C2%85b' 'name=12345678901234567890123456789012345678901' 'xname=Ada' '' '&&&=&' 'name'; do
    fetch -d "$bad" "$url/sign-in"
    expect "refused: $bad" "400 1 0, 1, form 1" \
        "$(status) $(passes) $(grep -c '^Set-Cookie:' "$dir/head"), $(has '<p class="failure">A name here'), form $(has '<form method="post" action="/sign-in">')"
done
printf 'name=a\0b' >"$dir/raw"
fetch -H 'Content-Type: application/x-www-form-urlencoded' --data-binary @"$dir/raw" "$url/sign-in"
expect "refused: a NUL" 400 "$(status)"
printf 'name=\377' >"$dir/raw"
fetch -H 'Content-Type: application/x-www-form-urlencoded' --data-binary @"$dir/raw" "$url/lua/sign-in"
expect "refused: no UTF-8, in Lua" "400, 1" "$(status), $(has '<form method="post" action="/lua/sign-in">')"

# name POSTED SHOWN
name() {
    jar=$dir/jar.name
    : >"$jar"
    browse -d "$1" "$url/sign-in"
    browse "$url/account"
    expect "the name $1" "$2" "$(user)"
}
name 'name=1234567890123456789012345678901234567890' 1234567890123456789012345678901234567890
name 'name=%F0%9F%8D%AA%F0%9F%8D%AA' "$(printf '\360\237\215\252\360\237\215\252')"
name "name=$(for i in $(seq 40); do printf %%F0%%9F%%8D%%AA; done)" "$(for i in $(seq 40); do printf '\360\237\215\252'; done)"
name 'x=1&name=a%3Db;c%26d%2Be&name=no' 'a=b;c&amp;d+e'
name 'name=100%&x' '100%'
name 'name=%zz%00%FF' '%zz%00%FF'
stop "the server ends"
expect "without a word" 0 "$(wc -c <"$dir/err.server")"

# Keys that follow each other.
jar=$dir/jar.keys
: >"$jar"
SSRDEMO_COOKIE_KEYS=$old_key
export SSRDEMO_COOKIE_KEYS
start --log off
browse -d name=Ada "$url/sign-in"
old_session=$(kept session)
stop "a server with a key in the environment ends"
SSRDEMO_COOKIE_KEYS="$new_key $old_key"
start --log off
browse "$url/account"
expect "the next server knows the session" Ada "$(user)"
browse -d name=Ada "$url/sign-in"
expect "and seals with its first key" "old new" \
    "$(echo "$old_session" | cut -d. -f2) $(kept session | cut -d. -f2)"
stop "a server with two keys ends"
unset SSRDEMO_COOKIE_KEYS

start
expect "without keys it says so, in one line" 1 "$(grep -c '^ssrdemo: made a key .* sign-ins end when this server stops$' "$dir/err.server")"
browse "$url/account"
expect "and knows nobody" "Sign in" "$(user)"
stop "a server with a made key ends"
start --log json
expect "as JSON" 1 "$(grep -c '^{"category":"demo","note":"ssrdemo: made a key' "$dir/err.server")"
stop "a server that logs JSON ends"

# By https.
start --log off --behind-tls --cookie-key-file "$dir/keys"
host=${url#http://}
fetch -H "Origin: https://$host" -d name=Ada "$url/sign-in"
expect "behind TLS" "303, __Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax flash=; Path=/; Max-Age=300; Secure; \
HttpOnly; SameSite=Lax " "$(status), $(header Set-Cookie | sed 's/=[^;]*/=/' | sort | tr '\n' ' ')"
session=$(header Set-Cookie | sed -n 's/^__Host-session=\([^;]*\).*/\1/p')
flash=$(header Set-Cookie | sed -n 's/^flash=\([^;]*\).*/\1/p')
for root in '' /lua; do
    fetch -b "__Host-session=$session; flash=$flash" "$url$root/account"
    expect "behind TLS: $root/account" "Ada <Welcome, Ada.>" "$(user) <$(notices)>"
    expect "behind TLS: $root deleted as it was set" "flash=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; \
Secure; HttpOnly; SameSite=Lax" "$(header Set-Cookie)"
done
fetch -b "session=$session" "$url/account"
expect "behind TLS: not under another name" "Sign in" "$(user)"
posted "behind TLS: a form without it" "403 /0" -H "Origin: http://$host" -d name=Ada "$url/sign-in"
stop "a server behind TLS ends"

# An error page carries what a completed pass has sent.
start --log off --loader-delay 30000 --cookie-key-file "$dir/keys"
fetch -d name=Ada "$url/sign-in"
flash=$(header Set-Cookie | sed -n 's/^flash=\([^;]*\).*/\1/p')
curl -s -m 20 -i -o "$dir/out" -b "flash=$flash" "$url/chain" &
last=$!
sleep 0.3
kill -TERM "$server"
sleep 0.3
stop "a server that gives up ends"
wait "$last"
split
expect "the error page sends the cookies" "503, flash deleted" \
    "$(status), flash $(header Set-Cookie | grep -q '^flash=; .*Max-Age=0' && echo deleted)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
