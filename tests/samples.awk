# Takes the samples out of documents: each fenced block goes into DIR/N, and one line "N FILE:LINE LANGUAGE MARK" is
# printed for it. The mark is the HTML comment in the line above the fence, "-" when there is none.
FNR == 1 { inside = 0; mark = "-" }
/^ *```/ {
    inside = !inside
    if (inside) {
        language = substr($0, index($0, "```") + 3)
        print ++count, FILENAME ":" FNR, language == "" ? "-" : language, mark
        printf "" >(dir "/" count)
    } else
        close(dir "/" count)
    mark = "-"
    next
}
inside { print >(dir "/" count); next }
{ mark = "-" }
/^<!-- .* -->$/ { mark = substr($0, 6, length($0) - 9) }
