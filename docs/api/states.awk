# Draws the states of a render from engine/states.def, for Graphviz: its rows are the states and the arrows. Exits 1 when
# the drawing in the file's opening comment disagrees: it has a state or an arrow that is no row, or forgets a state.
#
#     prepare --> load --> ...  text     arrows from left to right
#          |--> pass            text     an arrow from the state before the last arrow of the first line

function fail(what) {
    print FILENAME ": " what >"/dev/stderr"
    wrong = 1
}

/-->/ {
    line = $0
    sub(/^ \* */, "", line)
    if (match(line, /[a-z]   +[^ ]/))
        line = substr(line, 1, RSTART)
    count = split(line, steps, / *--> */)
    if (steps[1] ~ /^[|\\]/)
        steps[1] = branch
    else
        branch = steps[count - 1]
    for (i = 1; i < count; i++) {
        drawn[steps[i], steps[i + 1]] = steps[i] " to " steps[i + 1]
        appears[steps[i]] = appears[steps[i + 1]] = 1
    }
}

/^SSR_STATE\(/ {
    split($0, parts, "\"")
    name[++states] = parts[2]
    meaning[parts[2]] = parts[4]
}

/^SSR_STATE_CHANGE\(/ {
    split($0, parts, "\"")
    split(tolower($0), words, /[(, ]+/)
    from[++changes] = words[2]
    to[changes] = words[3]
    when[changes] = parts[2]
    declared[words[2], words[3]] = 1
}

END {
    for (i = 1; i <= states; i++)
        if (!(name[i] in appears))
            fail("the drawing forgets the state " name[i])
    for (state in appears)
        if (!(state in meaning))
            fail("the drawing has a state that is none: " state)
    for (arrow in drawn)
        if (!(arrow in declared))
            fail("the drawing has an arrow that is none: " drawn[arrow])
    for (i = 1; i <= changes; i++)
        if (!(from[i] in meaning) || !(to[i] in meaning))
            fail("a change of a state that is none: " from[i] " to " to[i])
    print "digraph states {\n    rankdir=TB;\n    node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];"
    print "    edge [fontname=\"sans-serif\", fontsize=10];"
    for (i = 1; i <= states; i++)
        printf "    %s [label=<<b>%s</b><br/>%s>];\n", name[i], name[i], meaning[name[i]]
    for (i = 1; i <= changes; i++)
        printf "    %s -> %s [label=\" %s \"];\n", from[i], to[i], when[i]
    print "}"
    exit wrong
}
