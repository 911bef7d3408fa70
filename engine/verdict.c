/*
 * The verdict: why the render took the passes it took, in one word with the names that belong to it. What always holds:
 * a cycle is one by bytes; what looks like a fault for as long as an honest page may take is none, HONEST_PASSES being
 * what a query that feeds a store that feeds a query takes behind a page's own loader.
 */
#include "engine/render_internal.h"

enum { HONEST_PASSES = 5, IN_A_ROW = 3, IN_A_ROW_WITHOUT_CAP = 6, NAMES_TOLD = 5 };

/* ---- What the passes say ----------------------------------------------------------------------------------------- */

/* The first entry of the last location; NULL: there is none. */
static const struct ssr_record_pass *first_here(const struct ssr_record *record)
{
    const struct ssr_record_pass *pass = record->last;
    while (pass && pass->previous && !pass->redirected_from)
        pass = pass->previous;
    return pass;
}

/* The passes of the last location, those that a truncated record has no entry for too. */
static unsigned passes_here(const struct ssr_record *record)
{
    const struct ssr_record_pass *first = first_here(record);
    unsigned before = first && first->previous ? first->previous->number : 0;
    return record->render->result.passes - before;
}

const struct ssr_record_pass *ssr_record_cause(const struct ssr_record_pass *pass)
{
    const struct ssr_record_pass *cause = pass;
    do { /* a pass that was started over has the cause of its first run */
        if (cause->redirected_from)
            return NULL;
        cause = cause->previous;
    } while (cause && cause->number == pass->number && pass->number > 0);
    return !cause || cause->number == 0 || cause->number + 1 != pass->number ? NULL : cause;
}

static bool has_ended_well(const struct ssr_record *record)
{
    return record->render->outcome == SSR_SETTLED || record->render->outcome == SSR_REDIRECT;
}

static bool was_capped(const struct ssr_record *record)
{
    ssr_outcome outcome = record->render->outcome;
    return outcome == SSR_SOFT_CAP || outcome == SSR_HARD_CAP || outcome == SSR_QUERY_CAP;
}

/* The first of the last passes in a row that found queries; NULL: the last did not. */
static const struct ssr_record_pass *query_run(const struct ssr_record *record, unsigned *passes)
{
    const struct ssr_record_pass *pass = record->last, *first = NULL;
    bool is_after = has_ended_well(record) || record->render->outcome == SSR_QUERY_CAP;
    *passes = 0;
    if (pass && is_after) /* it saw the answers of the run, and its own queries were not loaded */
        pass = pass->previous;
    for (; pass && pass->number > 0 && pass->loads; pass = ssr_record_cause(pass)) {
        first = pass;
        ++*passes;
    }
    return first;
}

/* Whether the pass of that number, if it was at this location, staged another value of a definition. */
static bool was_changed_in(const struct ssr_record *record, unsigned number, const struct ssr_definition *definition)
{
    for (const struct ssr_record_pass *pass = first_here(record); pass; pass = pass->next)
        for (const struct ssr_record_change *change = pass->changes; change; change = change->next)
            if (pass->number == number && change->definition == definition)
                return true;
    return false;
}

/* ---- Naming ------------------------------------------------------------------------------------------------------ */

/* A name at the end of the verdict's list; NULL: no memory. */
static struct ssr_named *add_named(struct ssr_record *record, const char *kind, const char *name)
{
    struct ssr_named *named = ssr_record_alloc(record, sizeof *named);
    if (!named)
        return NULL;
    named->kind = kind;
    named->name = name;
    *record->verdict.named_end = named;
    record->verdict.named_end = &named->next;
    return named;
}

static struct ssr_named *add_track(struct ssr_record *record, const struct ssr_track *track, size_t passes)
{
    struct ssr_named *named = add_named(record, ssr_kind_name(track->definition->kind), track->definition->name);
    if (named)
        named->place_count = ssr_track_places(record->history, track, passes, named->places);
    return named;
}

/* Whether one of the last `passes` transitions, all of them known, changed the track. */
static bool has_changed(const struct ssr_history *history, const struct ssr_track *track, size_t passes)
{
    for (size_t n = 0; n < passes; n++) {
        const struct ssr_transition *transition = ssr_history_transition(history, n);
        for (size_t i = 0; i < transition->count; i++)
            if (transition->changes[i].track == track)
                return true;
    }
    return false;
}

static void name_cycle(struct ssr_record *record, size_t period)
{
    for (const struct ssr_track *track = record->history->first; track; track = track->next)
        if (has_changed(record->history, track, period))
            add_track(record, track, period);
}

/* In how many passes in a row it changed, up to the last; the history knows nothing of the first pass, the record does.
 */
static unsigned streak_of(const struct ssr_record *record, const struct ssr_track *track)
{
    unsigned before = track->last_pass - track->streak;
    return track->streak + (before == 1 && was_changed_in(record, before, track->definition));
}

/* Names what is new in each of the last passes; false: nothing is. */
static bool name_new(struct ssr_record *record)
{
    const struct ssr_transition *last = record->history ? ssr_history_transition(record->history, 0) : NULL;
    unsigned least = was_capped(record) ? IN_A_ROW : IN_A_ROW_WITHOUT_CAP;
    for (const struct ssr_track *track = last ? record->history->first : NULL; track; track = track->next) {
        if (track->last_pass != last->pass || track->has_repeated || streak_of(record, track) < least)
            continue;
        struct ssr_named *named = add_track(record, track, track->streak);
        if (named)
            named->looks = ssr_track_looks(track, record->render->request.now_ms);
    }
    return record->verdict.named != NULL;
}

static void name_query(struct ssr_record *record, const struct ssr_record_load *load)
{
    struct ssr_named *named = record->verdict.named;
    while (named && strcmp(named->name, load->name) != 0)
        named = named->next;
    if (!named)
        named = add_named(record, load->kind, load->name);
    if (named)
        named->number++;
}

static void name_queries(struct ssr_record *record, const struct ssr_record_pass *first)
{
    for (const struct ssr_record_pass *pass = first; pass; pass = pass->next)
        for (const struct ssr_record_load *load = pass->loads; load; load = load->next)
            name_query(record, load);
}

/*
 * One link for each pass: the first thing that made the next one necessary. That is nothing of a run that was started
 * over, and nothing that is set by who redirects.
 */
static void name_chain(struct ssr_record *record)
{
    const struct ssr_record_pass *end = record->render->outcome == SSR_REDIRECT ? record->last : NULL;
    for (const struct ssr_record_pass *pass = first_here(record); pass != end; pass = pass->next) {
        const struct ssr_record_change *change = pass->loads ? NULL : pass->changes;
        bool can_be_link = pass->number > 0 && pass->completed;
        struct ssr_named *named = NULL;
        if (can_be_link && pass->loads)
            named = add_named(record, pass->loads->kind, pass->loads->name);
        else if (can_be_link && change)
            named = add_named(record, ssr_kind_name(change->definition->kind), change->definition->name);
        if (!named)
            continue;
        named->number = pass->number;
        named->place_count = change && change->writer.file;
        if (named->place_count > 0)
            named->places[0] = change->writer;
    }
}

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

/* A capped render that came back to a state once would have done so for ever; of another, three periods are asked. */
static unsigned period_of(struct ssr_record *record)
{
    if (!record->history || has_ended_well(record))
        return 0;
    unsigned period = ssr_history_period(record->history, true);
    return period == 0 && was_capped(record) ? ssr_history_period(record->history, false) : period;
}

static enum ssr_verdict_kind judge(struct ssr_record *record)
{
    ssr_outcome outcome = record->render->outcome;
    unsigned queries;
    const struct ssr_record_pass *run = query_run(record, &queries);
    if (outcome == SSR_FAILED || outcome == SSR_REDIRECT_LOOP)
        return SSR_VERDICT_ENDED;
    if (has_ended_well(record) && passes_here(record) <= HONEST_PASSES)
        return SSR_VERDICT_SETTLED;
    record->verdict.period = period_of(record);
    if (record->verdict.period > 0) {
        name_cycle(record, record->verdict.period);
        return SSR_VERDICT_CYCLE;
    }
    if (queries >= IN_A_ROW) {
        name_queries(record, run);
        return SSR_VERDICT_QUERY_CHAIN;
    }
    if (!has_ended_well(record) && name_new(record))
        return SSR_VERDICT_ALWAYS_NEW;
    if (!has_ended_well(record) && !was_capped(record))
        return SSR_VERDICT_ENDED;
    name_chain(record);
    return SSR_VERDICT_CONVERGING;
}

const char *ssr_verdict_name(const struct ssr_verdict *verdict)
{
    static const char *const names[] = {
        [SSR_VERDICT_SETTLED] = "settled",       [SSR_VERDICT_CYCLE] = "cycle",
        [SSR_VERDICT_ALWAYS_NEW] = "always_new", [SSR_VERDICT_QUERY_CHAIN] = "query_chain",
        [SSR_VERDICT_CONVERGING] = "converging", [SSR_VERDICT_ENDED] = "ended",
    };
    return names[verdict->kind];
}

/* ---- The sentence ------------------------------------------------------------------------------------------------ */

/* What to do about it, behind the names it is about. */
static const char *const remedies[] = {
    [SSR_VERDICT_SETTLED] = "",
    [SSR_VERDICT_CYCLE] = "; decide it in one place, and not from its own last value",
    [SSR_VERDICT_ALWAYS_NEW] = "; take it from ssr_now, ssr_random or ssr_id, or set it in a hook",
    [SSR_VERDICT_QUERY_CHAIN] = "; declare them on the route, or load them together in a hook",
    [SSR_VERDICT_CONVERGING] = "; set them in one pass, or the first one in a hook",
    [SSR_VERDICT_ENDED] = "",
};

void ssr_put_named(struct ssr_log_text *text, const struct ssr_named *named)
{
    ssr_put_name(text, named->kind, named->name);
    for (size_t i = 0; i < named->place_count; i++) {
        ssr_put_words(text, i == 0 ? " at " : i + 1 == named->place_count ? " and " : ", ");
        ssr_put_place(text, named->places[i]);
    }
}

static void put_detail(struct ssr_log_text *text, enum ssr_verdict_kind kind, const struct ssr_named *named)
{
    if (kind == SSR_VERDICT_ALWAYS_NEW) {
        ssr_put_words(text, " (looks like: ");
        ssr_put_words(text, named->looks);
        ssr_put_words(text, ")");
    } else if (kind == SSR_VERDICT_QUERY_CHAIN && named->number > 1) {
        ssr_put_words(text, " (");
        ssr_put_number(text, named->number);
        ssr_put_words(text, " times)");
    } else if (kind == SSR_VERDICT_CONVERGING) {
        ssr_put_words(text, " in pass ");
        ssr_put_number(text, named->number);
    }
}

static void put_list(struct ssr_log_text *text, const struct ssr_verdict *verdict)
{
    size_t told = 0, left = 0;
    for (const struct ssr_named *named = verdict->named; named; named = named->next) {
        if (told == NAMES_TOLD) {
            left++;
            continue;
        }
        ssr_put_words(text, told++ == 0 ? ": " : ", ");
        ssr_put_named(text, named);
        put_detail(text, verdict->kind, named);
    }
    ssr_put_more(text, left);
}

static void put_passes(struct ssr_log_text *text, unsigned passes)
{
    ssr_put_number(text, passes);
    ssr_put_words(text, passes == 1 ? " pass" : " passes");
}

static void put_sentence(const struct ssr_record *record, struct ssr_log_text *text)
{
    const ssr_result *result = &record->render->result;
    switch (record->verdict.kind) { /* GCOVR_EXCL_BR_LINE: there is no kind without a case */
    case SSR_VERDICT_SETTLED:
    case SSR_VERDICT_ENDED:
        ssr_put_words(text, ssr_outcome_name(result->outcome));
        ssr_put_words(text, " after ");
        put_passes(text, result->passes);
        break;
    case SSR_VERDICT_CYCLE:
        ssr_put_words(text, "the state repeats with period ");
        ssr_put_number(text, record->verdict.period);
        break;
    case SSR_VERDICT_ALWAYS_NEW: ssr_put_words(text, "new in every pass, so that the page never settles"); break;
    case SSR_VERDICT_QUERY_CHAIN: ssr_put_words(text, "queries were found in pass after pass"); break;
    case SSR_VERDICT_CONVERGING:
        ssr_put_words(text, was_capped(record) ? "a chain that a cap cut off, one link a pass, "
                                               : "a chain, one link a pass, ");
        put_passes(text, passes_here(record));
        break;
    }
    put_list(text, &record->verdict);
    ssr_put_words(text, remedies[record->verdict.kind]);
}

void ssr_judge_record(struct ssr_record *record)
{
    struct ssr_verdict *verdict = &record->verdict;
    verdict->kind = judge(record);
    struct ssr_log_text text = ssr_record_begin_text(record);
    put_sentence(record, &text);
    verdict->text = ssr_record_finish_text(record, &text);
    if (!verdict->text)
        verdict->text = "";
}
