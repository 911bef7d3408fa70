/*
 * The record as one line of JSON; docs/record.md is its contract. What always holds: members that would say nothing are
 * left out, and the same render makes the same bytes, but for durations.
 */
#include "engine/render_internal.h"

/* ---- Members ----------------------------------------------------------------------------------------------------- */

#define PUT(text, literal) ssr_put(text, "" literal, sizeof(literal) - 1)

/* A member's name with all that is around it, which is put at once. */
struct key {
    const char *bytes;
    size_t length;
};

#define KEY(name) ((struct key){",\"" name "\":", sizeof name + 3})

static inline void put_key(struct ssr_log_text *text, struct key key)
{
    ssr_put(text, key.bytes, key.length);
}

/* Of the library's own words. */
static inline void put_word(struct ssr_log_text *text, struct key key, const char *word)
{
    put_key(text, key);
    PUT(text, "\"");
    ssr_put_words(text, word);
    PUT(text, "\"");
}

/* NULL: left out. */
static void put_string(struct ssr_log_text *text, struct key key, const char *value)
{
    if (!value)
        return;
    put_key(text, key);
    PUT(text, "\"");
    ssr_put_safe(text, value);
    PUT(text, "\"");
}

static inline void put_count(struct ssr_log_text *text, struct key key, uint64_t count)
{
    put_key(text, key);
    if (count == SSR_UNLIMITED)
        PUT(text, "\"Infinity\"");
    else
        ssr_put_number(text, count);
}

static void put_some(struct ssr_log_text *text, struct key key, uint64_t count)
{
    if (count > 0)
        put_count(text, key, count);
}

static void put_true(struct ssr_log_text *text, struct key key, bool flag)
{
    if (!flag)
        return;
    put_key(text, key);
    PUT(text, "true");
}

static void put_duration(const struct ssr_record *record, struct ssr_log_text *text, struct key key,
                         uint64_t nanoseconds)
{
    if (!record->render->engine->config.clock)
        return;
    put_key(text, key);
    ssr_put_milliseconds(text, nanoseconds, 6);
}

static void put_digest(struct ssr_log_text *text, struct key key, ssr_digest digest)
{
    put_key(text, key);
    PUT(text, "\"");
    ssr_put_digest(text, digest);
    PUT(text, "\"");
}

static void put_at(struct ssr_log_text *text, struct ssr_writer writer)
{
    if (!writer.file)
        return;
    PUT(text, ",\"at\":\"");
    ssr_put_place(text, writer);
    PUT(text, "\"");
}

/* Begins `{"kind":...,"name":...` */
static void put_kind(struct ssr_log_text *text, const char *kind, const char *name)
{
    PUT(text, "{\"kind\":\"");
    ssr_put_words(text, kind);
    PUT(text, "\"");
    put_string(text, KEY("name"), name);
}

static void put_definition(struct ssr_log_text *text, const struct ssr_definition *definition)
{
    put_kind(text, ssr_kind_name(definition->kind), definition->name);
}

/* A list that is there once it has an item. */
struct list {
    struct ssr_log_text *text;
    struct key key;
    bool is_open;
};

static void begin_item(struct list *list)
{
    if (list->is_open) {
        PUT(list->text, ",");
        return;
    }
    put_key(list->text, list->key);
    PUT(list->text, "[");
    list->is_open = true;
}

static void end_list(const struct list *list)
{
    if (list->is_open)
        PUT(list->text, "]");
}

/* ---- What a pass did --------------------------------------------------------------------------------------------- */

static void put_writers(struct ssr_log_text *text, const struct ssr_record_change *change)
{
    struct list list = {text, KEY("writers"), false};
    for (const struct ssr_record_writer *writer = change->writers; writer; writer = writer->next) {
        begin_item(&list);
        PUT(text, "\"");
        ssr_put_place(text, writer->place);
        PUT(text, "\"");
    }
    end_list(&list);
}

/* "default", or `query "idea"` */
static void put_by(struct ssr_log_text *text, const struct ssr_record_change *change)
{
    if (change->by_kind) {
        PUT(text, ",\"by\":\"");
        ssr_put_words(text, change->by_kind);
        PUT(text, " ");
        ssr_put_safe(text, change->by_name);
        PUT(text, "\"");
    } else if (change->is_default) {
        put_word(text, KEY("by"), "default");
    }
}

static void put_change(const struct ssr_record *record, struct ssr_log_text *text,
                       const struct ssr_record_change *change)
{
    put_definition(text, change->definition);
    if (ssr_change_has_digest(record, change)) {
        put_digest(text, KEY("before"), change->before);
        put_digest(text, KEY("after"), change->after);
    }
    if (change->patch) {
        put_key(text, KEY("patch"));
        ssr_put_json(text, change->patch);
    } else if (!change->definition->redact) {
        put_count(text, KEY("size"), change->size);
    }
    put_at(text, change->writer);
    put_by(text, change);
    put_string(text, KEY("component"), change->component);
    put_true(text, KEY("readFirst"), change->was_read_first);
    put_writers(text, change);
    PUT(text, "}");
}

static void put_refusal(struct ssr_log_text *text, const struct ssr_journal_entry *entry)
{
    PUT(text, "{\"call\":\"");
    ssr_put_words(text, entry->call);
    PUT(text, "\"");
    if (entry->definition) {
        put_word(text, KEY("kind"), ssr_kind_name(entry->definition->kind));
        put_string(text, KEY("name"), entry->definition->name);
    }
    put_word(text, KEY("error"), ssr_status_name(entry->status));
    if (entry->is_text)
        put_count(text, KEY("byte"), entry->offset);
    put_string(text, KEY("component"), entry->component);
    put_string(text, KEY("initOf"), entry->init_of);
    put_at(text, entry->writer);
    PUT(text, "}");
}

static void put_event(struct ssr_log_text *text, const struct ssr_journal_entry *entry)
{
    switch (entry->op) {
    case SSR_JOURNAL_LATE_WRITE: put_definition(text, entry->definition); break;
    case SSR_JOURNAL_SHARED_WRITE: put_kind(text, "shared", entry->definition ? entry->definition->name : NULL); break;
    default: put_refusal(text, entry); return;
    }
    put_at(text, entry->writer);
    PUT(text, "}");
}

static void put_events(struct ssr_log_text *text, const struct ssr_record_pass *pass, struct key key,
                       enum ssr_journal_op op)
{
    struct list list = {text, key, false};
    for (const struct ssr_record_event *event = pass->events; event; event = event->next) {
        if (event->entry.op != op)
            continue;
        begin_item(&list);
        put_event(text, &event->entry);
    }
    end_list(&list);
}

static void put_waits(struct ssr_log_text *text, const struct ssr_record_pass *pass, const struct ssr_record_load *load)
{
    struct list list = {text, KEY("waitedFor"), false};
    const struct ssr_record_news *news = pass->news;
    for (size_t i = 0; i < load->waited_count; i++, news = news->next) {
        begin_item(&list);
        put_definition(text, news->definition);
        if (news->definition->kind != SSR_KIND_QUERY)
            put_count(text, KEY("setIn"), news->set_in);
        put_at(text, news->writer);
        PUT(text, "}");
    }
    end_list(&list);
}

static void put_args(struct ssr_log_text *text, const struct ssr_record_load *load)
{
    if (!load->args)
        return;
    put_key(text, KEY("args"));
    ssr_put_json(text, load->args);
}

static void put_load(const struct ssr_record *record, struct ssr_log_text *text, const struct ssr_record_pass *pass,
                     const struct ssr_record_load *load)
{
    put_kind(text, load->kind, load->name);
    put_args(text, load);
    put_word(text, KEY("state"), load->state);
    put_string(text, KEY("code"), load->code);
    put_string(text, KEY("reason"), load->reason);
    put_duration(record, text, KEY("ms"), load->nanoseconds);
    put_waits(text, pass, load);
    PUT(text, "}");
}

/* ---- A pass ------------------------------------------------------------------------------------------------------ */

/* Why it ran. */
static void put_causes(struct ssr_log_text *text, const struct ssr_record_pass *pass)
{
    struct list list = {text, KEY("causes"), false};
    const struct ssr_record_pass *cause = ssr_record_cause(pass);
    if (pass->redirected_from) {
        begin_item(&list);
        PUT(text, "{\"kind\":\"redirect\"");
        put_string(text, KEY("from"), pass->redirected_from);
        PUT(text, "}");
    }
    for (const struct ssr_record_change *change = cause ? cause->changes : NULL; change; change = change->next) {
        begin_item(&list);
        put_definition(text, change->definition);
        put_count(text, KEY("setIn"), cause->number);
        put_at(text, change->writer);
        PUT(text, "}");
    }
    for (const struct ssr_record_load *load = cause ? cause->loads : NULL; load; load = load->next) {
        begin_item(&list);
        put_kind(text, load->kind, load->name);
        put_args(text, load);
        PUT(text, "}");
    }
    end_list(&list);
}

static void put_lists(const struct ssr_record *record, struct ssr_log_text *text, const struct ssr_record_pass *pass)
{
    struct list loads = {text, KEY("loads"), false}, changes = {text, KEY("changed"), false};
    for (const struct ssr_record_load *load = pass->loads; load; load = load->next) {
        begin_item(&loads);
        put_load(record, text, pass, load);
    }
    end_list(&loads);
    for (const struct ssr_record_change *change = pass->changes; change; change = change->next) {
        begin_item(&changes);
        put_change(record, text, change);
    }
    end_list(&changes);
    if (!pass->events)
        return;
    put_events(text, pass, KEY("lateWrites"), SSR_JOURNAL_LATE_WRITE);
    put_events(text, pass, KEY("sharedWrites"), SSR_JOURNAL_SHARED_WRITE);
    put_events(text, pass, KEY("refused"), SSR_JOURNAL_REFUSE);
}

static void put_pass(const struct ssr_record *record, struct ssr_log_text *text, const struct ssr_record_pass *pass)
{
    PUT(text, "{\"pass\":");
    ssr_put_number(text, pass->number);
    put_key(text, KEY("completed"));
    ssr_put_words(text, pass->completed ? "true" : "false");
    put_string(text, KEY("location"), ssr_record_moved_to(record, pass));
    if (pass->number > 0) {
        put_count(text, KEY("bytes"), pass->bytes);
        put_duration(record, text, KEY("ms"), pass->nanoseconds);
    }
    if (pass->has_state)
        put_digest(text, KEY("state"), pass->state);
    put_causes(text, pass);
    put_lists(record, text, pass);
    PUT(text, "}");
}

/* ---- Verdict and advice ------------------------------------------------------------------------------------------ */

static void put_named(struct ssr_log_text *text, enum ssr_verdict_kind kind, const struct ssr_named *named)
{
    if (kind == SSR_VERDICT_QUERY_CHAIN) {
        PUT(text, "{\"name\":\"");
        ssr_put_safe(text, named->name);
        PUT(text, "\"");
        put_count(text, KEY("times"), named->number);
        PUT(text, "}");
        return;
    }
    put_kind(text, named->kind, named->name);
    if (kind == SSR_VERDICT_CONVERGING) {
        put_count(text, KEY("pass"), named->number);
        put_at(text, named->place_count > 0 ? named->places[0] : (struct ssr_writer){NULL, 0});
    } else {
        struct list list = {text, KEY("writers"), false};
        for (size_t i = 0; i < named->place_count; i++) {
            begin_item(&list);
            PUT(text, "\"");
            ssr_put_place(text, named->places[i]);
            PUT(text, "\"");
        }
        end_list(&list);
        if (named->looks)
            put_word(text, KEY("looksLike"), named->looks);
    }
    PUT(text, "}");
}

static void put_verdict(const struct ssr_record *record, struct ssr_log_text *text)
{
    const struct ssr_verdict *verdict = &record->verdict;
    struct list list = {text,
                        verdict->kind == SSR_VERDICT_QUERY_CHAIN  ? KEY("queries")
                        : verdict->kind == SSR_VERDICT_CONVERGING ? KEY("chain")
                                                                  : KEY("stores"),
                        false};
    PUT(text, ",\"verdict\":{\"kind\":\"");
    ssr_put_words(text, ssr_verdict_name(verdict));
    PUT(text, "\",\"text\":\"");
    ssr_put_safe(text, verdict->text);
    PUT(text, "\"");
    put_some(text, KEY("period"), verdict->period);
    for (const struct ssr_named *named = verdict->named; named; named = named->next) {
        begin_item(&list);
        put_named(text, verdict->kind, named);
    }
    end_list(&list);
    PUT(text, "}");
}

static void put_advice(const struct ssr_record *record, struct ssr_log_text *text)
{
    struct list list = {text, KEY("advice"), false};
    for (const struct ssr_advice *advice = record->advice; advice; advice = advice->next) {
        begin_item(&list);
        PUT(text, "{\"kind\":\"");
        ssr_put_words(text, advice->kind);
        PUT(text, "\"");
        put_string(text, KEY("text"), advice->text);
        PUT(text, "}");
    }
    end_list(&list);
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static void put_caps(const struct ssr_record *record, struct ssr_log_text *text)
{
    const ssr_config *config = &record->render->engine->config;
    put_count(text, KEY("allowedRerendersCount"), config->allowed_rerenders_count);
    put_count(text, KEY("forbiddenRerendersCount"), config->forbidden_rerenders_count);
    put_count(text, KEY("maxQueryPasses"), config->max_query_passes);
}

static void put_head(const struct ssr_record *record, struct ssr_log_text *text)
{
    const struct ssr_render *render = record->render;
    const ssr_result *result = &render->result;
    PUT(text, "{\"v\":1");
    put_string(text, KEY("id"), render->request.id);
    if (render->request.now_ms != 0) {
        put_key(text, KEY("time"));
        ssr_put_integer(text, render->request.now_ms);
    }
    put_string(text, KEY("location"), render->location_path);
    put_word(text, KEY("outcome"), ssr_outcome_name(result->outcome));
    put_count(text, KEY("passes"), result->passes);
    put_count(text, KEY("rerenders"), result->rerenders);
    put_count(text, KEY("queryPasses"), result->query_passes);
    put_caps(record, text);
    put_count(text, KEY("status"), (uint64_t)result->status);
    put_count(text, KEY("bytes"), result->html_length);
    put_some(text, KEY("refused"), result->refused);
    put_some(text, KEY("lateWrites"), record->late_writes);
    if (result->error_status != SSR_OK) {
        put_word(text, KEY("error"), ssr_status_name(result->error_status));
        put_string(text, KEY("message"), result->error);
    }
}

static void put_record(const struct ssr_record *record, struct ssr_log_text *text)
{
    put_head(record, text);
    put_duration(record, text, KEY("ms"), ssr_record_time(record));
    uint64_t wait = ssr_record_wait(record);
    if (wait > 0)
        put_duration(record, text, KEY("waitMs"), wait);
    put_true(text, KEY("truncated"), record->is_truncated);
    put_verdict(record, text);
    put_advice(record, text);
    PUT(text, ",\"passLog\":[");
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next) {
        ssr_put(text, ",", pass != record->first);
        put_pass(record, text, pass);
    }
    PUT(text, "]}");
}

const char *ssr_record_json(struct ssr_record *record, size_t *length)
{
    return ssr_record_format(record, &record->json, put_record, length);
}
