/*
 * The page that shows records. The template is walked once, and each {{name}} in it replaced by what belongs there.
 * What comes from records is written by ssr_value_embed alone, whose output cannot end the element it is in.
 */
#include "tools/explain_html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/explain_page.h"
#include "tools/explain_summary.h"

struct writer {
    const explain_page *page;
    bool (*write)(void *arg, const char *bytes, size_t length);
    void *arg;
    ssr_status status;
};

static void put(struct writer *writer, const char *bytes, size_t length)
{
    if (writer->status == SSR_OK && !writer->write(writer->arg, bytes, length))
        writer->status = SSR_E_FAILED;
}

static void put_text(struct writer *writer, const char *text)
{
    put(writer, text, strlen(text));
}

/* As the value of an attribute. */
static void put_attribute(struct writer *writer, const char *text)
{
    for (; *text; text++) {
        size_t plain = strcspn(text, "&<>\"'");
        char escape[8];
        put(writer, text, plain);
        text += plain;
        if (!*text)
            break;
        snprintf(escape, sizeof escape, "&#%d;", *text);
        put_text(writer, escape);
    }
}

static void put_value(struct writer *writer, const ssr_value *value, const char *id)
{
    size_t length = ssr_value_embed(value, id, NULL, 0);
    char *element = writer->status == SSR_OK ? malloc(length + 1) : NULL;
    if (!element) {
        writer->status = writer->status == SSR_OK ? SSR_E_NOMEM : writer->status;
        return;
    }
    ssr_value_embed(value, id, element, length + 1);
    put(writer, element, length);
    put_text(writer, "\n");
    free(element);
}

/* ---- What belongs into the template ----------------------------------------------------------------------------- */

static void put_style(struct writer *writer)
{
    if (writer->page->style_url) {
        put_text(writer, "<link rel=\"stylesheet\" href=\"");
        put_attribute(writer, writer->page->style_url);
        put_text(writer, "\">");
        return;
    }
    put_text(writer, "<style>");
    put(writer, explain_style().bytes, explain_style().length);
    put_text(writer, "</style>");
}

static void put_script(struct writer *writer)
{
    if (writer->page->script_url) {
        put_text(writer, "<script src=\"");
        put_attribute(writer, writer->page->script_url);
        put_text(writer, "\"></script>");
        return;
    }
    put_text(writer, "<script>");
    put(writer, explain_script().bytes, explain_script().length);
    put_text(writer, "</script>");
}

static void put_policy(struct writer *writer)
{
    const explain_page *page = writer->page;
    if (page->style_url || page->script_url)
        return;
    put_text(writer, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
    put_text(writer, explain_page_style_hash);
    put_text(writer, "'; script-src 'sha256-");
    put_text(writer, explain_page_script_hash);
    put_text(writer, "'; base-uri 'none'; form-action 'none'\">");
}

/* What the page says about itself. */
static void put_about(struct writer *writer, size_t shown)
{
    const explain_page *page = writer->page;
    ssr_builder *builder = ssr_builder_new(NULL);
    ssr_value *about = NULL;
    if (builder) {
        ssr_builder_begin_object(builder);
        ssr_builder_key(builder, "shown");
        ssr_builder_integer(builder, (int64_t)shown);
        ssr_builder_key(builder, "total");
        ssr_builder_integer(builder, (int64_t)(page->total ? page->total : page->count));
        if (page->source) {
            ssr_builder_key(builder, "source");
            ssr_builder_string(builder, page->source);
        }
        ssr_builder_end_object(builder);
        ssr_builder_finish(builder, &about);
    }
    if (about)
        put_value(writer, about, "about");
    else
        writer->status = SSR_E_NOMEM;
    ssr_value_free(about);
    ssr_builder_free(builder);
}

/* The records that are JSON, each an element of its own; `summary` sees them too when there is one. */
static size_t put_records(struct writer *writer, struct explain_summary *summary)
{
    size_t shown = 0;
    for (size_t i = 0; i < writer->page->count && writer->status == SSR_OK; i++) {
        const explain_text *text = &writer->page->records[i];
        ssr_value *record;
        ssr_status status = ssr_value_parse(NULL, text->bytes, text->length, NULL, &record);
        if (status == SSR_E_NOMEM)
            writer->status = status;
        if (status != SSR_OK)
            continue;
        char id[32];
        snprintf(id, sizeof id, "record-%zu", ++shown);
        put_value(writer, record, id);
        if (summary)
            explain_summary_add(summary, ssr_value_json(record), i + 1);
        ssr_value_free(record);
    }
    return shown;
}

static void put_data(struct writer *writer)
{
    ssr_value *made = NULL;
    struct explain_summary *summary = NULL;
    if (!writer->page->summary && !(summary = explain_summary_new())) {
        writer->status = SSR_E_NOMEM;
        return;
    }
    size_t shown = put_records(writer, summary);
    put_about(writer, shown);
    if (summary && explain_summary_finish(summary, 0, 0, &made) != SSR_OK)
        writer->status = SSR_E_NOMEM;
    if (writer->status == SSR_OK)
        put_value(writer, summary ? made : writer->page->summary, "summary");
    ssr_value_free(made);
    explain_summary_free(summary);
}

/* ---- The page --------------------------------------------------------------------------------------------------- */

ssr_status explain_html(const explain_page *page, bool (*write)(void *arg, const char *bytes, size_t length), void *arg)
{
    static const struct {
        const char *name;
        void (*put)(struct writer *writer);
    } places[] = {
        {"{{policy}}", put_policy}, {"{{style}}", put_style}, {"{{data}}", put_data}, {"{{script}}", put_script}};
    struct writer writer = {page, write, arg, SSR_OK};
    const char *text = explain_page_html;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *place = strstr(text, places[i].name);
        put(&writer, text, (size_t)(place - text));
        places[i].put(&writer);
        text = place + strlen(places[i].name);
    }
    put_text(&writer, text);
    return writer.status;
}

explain_text explain_style(void)
{
    return (explain_text){explain_page_css, explain_page_css_length};
}

explain_text explain_script(void)
{
    return (explain_text){explain_page_js, explain_page_js_length};
}
