#!/bin/sh
# Prints a header that puts the macros of sweep.h around each call that these headers declare: HEADER... It includes
# them first, because a declaration that came after its macro would be no declaration.
# Those that sweep.h has a macro for keep it.
set -eu
echo '/* Made by tests/sweep_calls.sh. */'
printf '#include "%s"\n' "$@"
echo '#include "tests/sweep.h"'
sed -n -e 's/^SSR_API //' -e 's/^static inline ssr_status/ssr_status/' \
    -e 's/^ssr_status \(ssr_[a-z0-9_]*\)(.*/STATUS \1/p' \
    -e 's/^void \(ssr_[a-z0-9_]*\)(.*/VOID \1/p' \
    -e 's/^ssr_query_result \(ssr_[a-z0-9_]*\)(.*/QUERY \1/p' \
    -e 's/^[a-z].* \*\(ssr_[a-z0-9_]*\)(.*/POINTER \1/p' "$@" | sort -u |
    while read -r kind name; do
        printf '#ifndef %s\n#define %s(...) SWEEP_%s("%s", %s(__VA_ARGS__))\n#endif\n' \
            "$name" "$name" "$kind" "$name" "$name"
    done
