# Whether the sample (the first file) stands in the second file as consecutive lines, all of them behind one prefix of
# spaces and asterisks: a piece of code further in, or the text of a comment. Exits 1 when it does not.
NR == FNR { sample[++lines] = $0; next }
{ text[FNR] = $0; last = FNR }

function starts(at,    cut, prefix, i, bare) {
    cut = length(text[at]) - length(sample[1])
    prefix = substr(text[at], 1, cut)
    if (cut < 0 || substr(text[at], cut + 1) != sample[1] || prefix !~ /^[ *]*$/)
        return 0
    bare = prefix
    sub(/ +$/, "", bare)
    for (i = 2; i <= lines; i++)
        if (text[at + i - 1] != (sample[i] == "" ? bare : prefix sample[i]))
            return 0
    return 1
}

END {
    for (at = 1; lines && at + lines - 1 <= last; at++)
        if (starts(at))
            exit 0
    exit 1
}
