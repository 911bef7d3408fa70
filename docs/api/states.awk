# Draws the states of a render from engine/states.def, for Graphviz: the states are its rows, the arrows those of the
# drawing in its opening comment. Exits 1 when the two disagree: a state in the drawing that is no row, or a row that the
# drawing forgets.
#
#     prepare --> load --> ...  text     arrows from left to right; text is said of the last one
#          |--> pass            text     an arrow from the state before the last arrow of the first line

function arrow(from, to, text) {
    arrows = arrows "    " from " -> " to (text == "" ? "" : " [label=\" " text " \"]") ";\n"
    drawn[from] = drawn[to] = 1
}

/-->/ {
    line = $0
    sub(/^ \* */, "", line)
    text = ""
    if (match(line, /[a-z]   +[^ ]/)) {
        text = substr(line, RSTART + RLENGTH - 1)
        line = substr(line, 1, RSTART)
    }
    count = split(line, steps, / *--> */)
    if (steps[1] ~ /^[|\\]/)
        steps[1] = branch
    else
        branch = steps[count - 1]
    for (i = 1; i < count; i++)
        arrow(steps[i], steps[i + 1], i == count - 1 ? text : "")
}

/^SSR_STATE\(/ {
    split($0, parts, "\"")
    name[++states] = parts[2]
    meaning[parts[2]] = parts[4]
}

END {
    for (i = 1; i <= states; i++) {
        if (!(name[i] in drawn)) {
            print FILENAME ": the drawing forgets the state " name[i] > "/dev/stderr"
            wrong = 1
        }
        delete drawn[name[i]]
    }
    for (i in drawn) {
        print FILENAME ": the drawing has a state that is none: " i > "/dev/stderr"
        wrong = 1
    }
    print "digraph states {\n    rankdir=TB;\n    node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];"
    print "    edge [fontname=\"sans-serif\", fontsize=10];"
    for (i = 1; i <= states; i++)
        printf "    %s [label=<<b>%s</b><br/>%s>];\n", name[i], name[i], meaning[name[i]]
    printf "%s}\n", arrows
    exit wrong
}
