# Turns a public header into what Doxygen reads: its comments become documentation comments, their slots paragraphs with
# a heading, their indented lines verbatim text; declarations in one block all get the comment of the block, and an enum
# that is made from a .def file gets the values that stand there. Nothing is added that the header does not say.
#
# Run in the project's root, as Doxygen's INPUT_FILTER.

# Text that Doxygen takes for nothing but text; `x` becomes code.
function plain(text) {
    gsub(/\\/, "\\\\\\\\", text)
    gsub(/[@&#%<>]/, "\\\\&", text)
    while (match(text, /`[^`]+`/))
        text = substr(text, 1, RSTART - 1) "<tt>" substr(text, RSTART + 1, RLENGTH - 2) "</tt>" substr(text, RSTART + RLENGTH)
    return text
}

function close_verbatim(    text) {
    text = in_verbatim ? "@endverbatim\n" : ""
    in_verbatim = 0
    return text
}

# One line of a comment, without its stars; in_slot: the line before belongs to a slot, whose text begins in column 12.
function convert(line) {
    if (line == "") {
        in_slot = 0
        return close_verbatim() "\n"
    }
    if (match(line, /^[A-Za-z_][A-Za-z_, ]*[A-Za-z_]   *[^ ]/) && RLENGTH <= 34 && line ~ /^[A-Za-z_, ]*[a-z_]  +[^ ]/) {
        in_slot = 1
        match(line, /  +/)
        return close_verbatim() "@par " substr(line, 1, RSTART - 1) "\n" plain(substr(line, RSTART + RLENGTH)) "\n"
    }
    if (in_slot && line ~ /^           [^ ]/)
        return close_verbatim() plain(substr(line, 12)) "\n"
    if (line ~ /^  /) {
        line = (in_verbatim ? "" : "@verbatim\n") line "\n"
        in_verbatim = 1
        return line
    }
    return close_verbatim() plain(line) "\n"
}

# A whole comment, of one line or several, as text.
function convert_comment(comment,    lines, count, i, text) {
    sub(/^ *\/\*/, "", comment)
    sub(/ *\*\/ *$/, "", comment)
    count = split(comment, lines, "\n")
    in_verbatim = in_slot = 0
    text = ""
    for (i = 1; i <= count; i++) {
        if (i == 1)
            sub(/^ /, "", lines[i])
        else
            sub(/^ *\* ?/, "", lines[i])
        if (i > 1 || lines[i] != "")
            text = text convert(lines[i])
    }
    return text close_verbatim()
}

# "FOLDER/NAME.h - what it is. More." The title may run over several lines, up to its first full stop.
function file_comment(comment) {
    comment = convert_comment(comment)
    sub(/^[^-]* - /, "", comment)
    match(comment, /\.( |\n)/)
    return "/** @file\n@brief " substr(comment, 1, RSTART) "\n\n" substr(comment, RSTART + 1) "*/"
}

# Comments inside of a type belong to the member in whose line they begin, or to the one that follows.
function inner(line,    at, before) {
    at = index(line, "/*")
    if (!at)
        return line
    before = substr(line, 1, at - 1)
    return before (before ~ /[^ ]/ ? "/**<" : "/**") plain(substr(line, at + 2))
}

function expand_definitions(file,    line, parts, count) {
    while ((getline line < file) > 0) {
        if (line !~ /^SSR_(STATUS|OUTCOME)\(/)
            continue
        sub(/^[A-Z_]*\(/, "", line)
        count = split(line, parts, /, ("|true|false)|", "|"\)/)
        gsub(/"/, "", parts[2])
        sub(/^.*(true|false), "/, "", line)
        sub(/^[A-Z0-9_]*, "[a-z0-9_]*", "/, "", line)
        sub(/"\)$/, "", line)
        gsub(/\\"/, "\"", line)
        gsub(/\\\\/, "\\", line)
        print "    " parts[1] ", /**< " plain("\"" parts[2] "\": " line) " */"
    }
    close(file)
}

function emit_comment() {
    if (comment != "")
        print "/**\n" comment "*/"
}

in_comment {
    raw = raw "\n" $0
    if (/\*\//) {
        in_comment = 0
        if (!has_opening)
            print file_comment(raw)
        else if (raw !~ /^\/\* ----/)
            comment = convert_comment(raw)
        has_opening = 1
    }
    next
}

!in_type && /^\/\*/ {
    raw = $0
    in_comment = !/\*\//
    if (!in_comment && raw !~ /^\/\* ----/)
        comment = convert_comment(raw)
    next
}

/^$/ && !in_type { comment = ""; print; next }

/^#include ".*\.def"/ { split($0, quoted, "\""); expand_definitions(quoted[2]); next }
/^#(define|undef) SSR_(STATUS|OUTCOME)/ { next }

/^#define ssr_/ && !in_macro {
    emit_comment()
    macro = $2
    sub(/\(.*/, "", macro)
    macros[macro] = 1
}
/^#define SSR_/ && !in_macro && !/_H$/ { emit_comment() }
{ in_macro = /^#define.*\\$/ || (in_macro && /\\$/) }
/^#/ || in_macro || /^extern/ { print; next }

!in_type && /^(typedef|enum|SSR_API)/ {
    if (comment == "" && match($0, /ssr_[a-z0-9_]+_at\(/) && (name = substr($0, RSTART, RLENGTH - 4)) in macros)
        print "/** The function behind the macro " name "(), with the caller's place. */"
    emit_comment()
    in_type = 1
    depth = 0
}

in_type {
    code = $0
    gsub(/\/\*.*\*\//, "", code)
    if (in_inner) {
        in_inner = !/\*\//
        if (!/^ *\*\//)
            sub(/^ *\* ?/, "    ")
        print plain($0)
        next
    }
    in_inner = code ~ /\/\*/
    sub(/\/\*.*/, "", code)
    depth += gsub(/{/, "{", code) - gsub(/}/, "}", code)
    print inner($0)
    if (depth == 0 && code ~ /; *$/)
        in_type = 0
    next
}

{ print }
