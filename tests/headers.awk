# Reads public headers and names what their comments owe the reader (CONTRIBUTING.md):
#
#   - a header opens with a paragraph "FOLDER/NAME.h - what it is"
#   - a function, type, macro or constant stands in a block with a comment directly before it; a blank line ends the block.
#     X_at functions without one belong to the macro X, and each line of a type may have its own instead.
#   - "Returns" when a function answers a status, or names SSR_OK, unless the comment says "as ssr_..." of another
#   - "Legal" when it takes a context
#   - whose it is (Memory, borrowed, copied, taken, static, the caller's) when it answers a pointer or takes a place for one
#   - a slot begins its own line
#
# A slot of the opening paragraph counts for the whole header. With -v list=1: prints the functions instead.
FNR == 1 {
    in_comment = in_declaration = has_opening = 0
    comment = opening = macros = ""
}

function complain(line, what) {
    if (!list)
        print FILENAME ":" line ": " what
}

function has(text, pattern) { return text ~ pattern || opening ~ pattern }

# What a finished declaration needs; its text is on one line.
function judge(text, line,    function_name, refers) {
    function_name = ""
    if (text ~ /^SSR_API /) {
        match(text, /ssr_[a-z0-9_]+\(/)
        function_name = substr(text, RSTART, RLENGTH - 1)
        if (list)
            print function_name
    }
    if (comment == "" && has_inner && function_name == "")
        return
    if (comment == "" && !(function_name ~ /_at$/ && macros ~ (" " substr(function_name, 1, length(function_name) - 3) " "))) {
        complain(line, "no comment: " (function_name ? function_name : text))
        return
    }
    if (function_name == "" || comment == "")
        return
    refers = comment ~ /[Aa]s (a )?ssr_[a-z_]+|Else as above|as snprintf/
    if (text ~ /^SSR_API ssr_status / && !refers && !has(comment, "Returns|SSR_OK"))
        complain(line, "no \"Returns\": " function_name)
    if (text ~ /\(((const )?ssr_ctx \*)/ && !refers && !has(comment, "Legal"))
        complain(line, "no \"Legal\": " function_name)
    if (text ~ /^SSR_API (const )?[a-z_ ]+\*|[a-z_]+ \*\*[a-z_]+/ && !refers &&
        !has(comment, "Memory|[Bb]orrowed|[Cc]opied|taken|[Ss]tatic|caller's"))
        complain(line, "does not say whose the memory is: " function_name)
}

FNR == 2 && !/^ \* [a-z_\/]+\.h - / && has_opening == 0 { complain(2, "does not open with \"" FILENAME " - what it is\"") }

in_comment {
    comment = comment "\n" $0
    if ($0 ~ /[^ *] +(Returns|Memory|Legal|Source)   +[^ ]/ || $0 ~ / (Returns|Memory|Legal|Source)$/)
        complain(FNR, "a slot in the middle of a line")
    if (/\*\//) {
        in_comment = 0
        if (!has_opening) {
            opening = comment
            comment = ""
            has_opening = 1
        }
        if (comment ~ /^\/\* ----/)
            comment = ""
    }
    next
}

/^\/\*/ {
    comment = $0
    if (FNR == 1 && index($0 "\n", "/*\n") != 1 && $0 !~ /^\/\* [a-z_\/]+\.h - /)
        complain(1, "does not open with \"" FILENAME " - what it is\"")
    if (/\*\//) {
        if (!has_opening) {
            opening = comment
            comment = ""
            has_opening = 1
        }
        if (/^\/\* ----/)
            comment = ""
    } else
        in_comment = 1
    next
}

/^$/ && !in_declaration { comment = ""; next }

in_define { in_define = /\\$/; next }

/^#define (ssr|SSR)_/ {
    macro = $2
    sub(/\(.*/, "", macro)
    macros = macros " " macro " "
    in_define = /\\$/
    if (macro !~ /_H$|^SSR_(API|STATUS|OUTCOME)$/ && comment == "")
        complain(FNR, "no comment: " macro)
    next
}

/^#/ || /^extern "C"/ || (/^}$/ && !in_declaration) { next }

!in_declaration && /^[a-zA-Z]/ {
    declaration = ""
    started = FNR
    in_declaration = 1
    has_inner = 0
    depth = 0
}

in_declaration {
    line = $0
    has_inner = has_inner || line ~ /\/\*/
    gsub(/\/\*.*\*\//, "", line)
    if (line ~ /\/\*/) { # a comment inside a type, of several lines
        sub(/\/\*.*/, "", line)
        in_inner = 1
    } else if (in_inner) {
        in_inner = line !~ /\*\//
        sub(/^.*\*\//, "", line)
        if (in_inner)
            line = ""
    }
    declaration = declaration " " line
    depth += gsub(/{/, "{", line) - gsub(/}/, "}", line)
    if (depth == 0 && (line ~ /; *$/ || (line ~ /^}/ && declaration ~ /^ *SSR_API inline /))) {
        in_declaration = 0
        gsub(/ +/, " ", declaration)
        sub(/^ /, "", declaration)
        judge(declaration, started)
    }
}
