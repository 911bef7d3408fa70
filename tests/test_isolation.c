/*
 * No request sees another's state. Eight threads serve requests on one engine; each request has a 64-bit identity in
 * its cookies and nowhere else, and the page passes it through everything that can hold state: stores, cookies plain,
 * sealed and kept by an atom, atoms with listeners, nested context stores, components, a hook and a loader on the
 * threads of a pool. What leaves is compared byte for byte with a template in which "@" stands for the identity, and
 * searched for identities of others. Some requests are abandoned, cancelled, redirected or fail midway; meanwhile a
 * thread that serves no request writes a shared store, which every page, hook and loader tries to write too. At the end
 * no listener and no block of memory is left.
 *
 * What always holds: threads count what is wrong instead of asserting, because cmocka belongs to the main thread. A
 * hook or loader touches its visitor only while the render waits for it.
 *
 * An argument is the number of requests.
 */
#include "tests/host_fixture.h"

#include <inttypes.h>
#include <sched.h>
#include <time.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
enum { SLOW = 20 };
#elif defined(__SANITIZE_ADDRESS__)
enum { SLOW = 10 };
#else
enum { SLOW = 1 };
#endif

enum { THREADS = 8, LOADING_THREADS = 3, QUEUE = 4, RECENT = 64, DIGITS = 16, WHO_BYTES = 64, MOST_TIMES = 4 };

static unsigned long all_requests = 100000 / SLOW;

/* ---- The application -----------------------------------------------------------------------------------------------
 */

/* What becomes of a request: the low bits of its identity say it. */
enum kind { WHOLE, FAILING = 4, ABANDONED, CANCELLED, REDIRECTED };

static struct {
    struct shared_memory memory;
    ssr_engine *engine;
    ssr_pool *pool;
    ssr_store *title, *trail, *born, *hooked, *noted;
    ssr_cookie *who_cookie, *session, *visited, *loaded, *seen;
    ssr_atom_template *who, *cart, *kept, *greeted, *answer;
    ssr_context *account;
    ssr_component_definition *badge, *still;
    ssr_query *echo;
    ssr_shared *site;
    ssr_render *waiting[THREADS]; /* of each thread: what its hooks and loaders may cancel */
    _Atomic uint64_t recent[RECENT];
    atomic_uint begun, records, wrong, foreign, ended[REDIRECTED + 1];
    atomic_bool is_over;
    char first_wrong[512];
} app;

/* What one request is about, and what its callbacks on the visitor's own thread have seen. */
struct visitor {
    unsigned thread;
    uint64_t identity;
    enum kind kind;
    char digits[DIGITS + 1];
    char title[DIGITS * MOST_TIMES + 1]; /* the digits once to four times, so that lengths differ */
    int64_t pinned;                      /* the state of the shared store */
    unsigned changes, subscribed, destroyed;
};

static void note_wrong(const char *what, int line, const char *digits)
{
    if (atomic_fetch_add(&app.wrong, 1) == 0)
        snprintf(app.first_wrong, sizeof app.first_wrong, "line %d, visitor %s: %s", line, digits, what);
}

#define expect(holds, digits) ((holds) ? (void)0 : note_wrong(#holds, __LINE__, digits))

static enum kind kind_of(uint64_t identity)
{
    unsigned low = identity % 8;
    return low < FAILING ? WHOLE : (enum kind)low;
}

/* splitmix64: identities that share nothing. */
static uint64_t identity_of(uint64_t number)
{
    uint64_t z = number * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void visitor_init(struct visitor *visitor, unsigned thread, uint64_t identity)
{
    *visitor = (struct visitor){.thread = thread, .identity = identity, .kind = kind_of(identity), .pinned = -1};
    snprintf(visitor->digits, sizeof visitor->digits, "%016" PRIx64, identity);
    for (uint64_t i = 0; i <= (identity >> 8) % MOST_TIMES; i++)
        memcpy(visitor->title + i * DIGITS, visitor->digits, DIGITS);
    atomic_store(&app.recent[atomic_fetch_add(&app.begun, 1) % RECENT], identity);
}

static int64_t now_of(const struct visitor *visitor)
{
    return (int64_t)(visitor->identity >> 24);
}

/* ---- What leaves ---------------------------------------------------------------------------------------------------
 */

static bool is_recent(uint64_t identity)
{
    for (size_t i = 0; i < RECENT; i++)
        if (atomic_load_explicit(&app.recent[i], memory_order_relaxed) == identity)
            return true;
    return false;
}

/* Looks at every 16 hexadecimal digits in a row, wherever they stand, for the identity of somebody else. */
static void search_foreign(const char *text, uint64_t mine)
{
    uint64_t window = 0;
    unsigned length = 0;
    for (; *text; text++) {
        bool is_digit = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'f');
        length = is_digit ? length + 1 : 0;
        if (is_digit)
            window = window << 4 | (uint64_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
        if (length >= DIGITS && window != mine && is_recent(window))
            atomic_fetch_add(&app.foreign, 1);
    }
}

/* Whether a text is the template with the visitor's digits for "@" and the title for "$", to the last byte. */
static bool matches(const struct visitor *visitor, const char *text, const char *template)
{
    for (; *template; template ++) {
        const char *piece = *template == '@' ? visitor->digits : *template == '$' ? visitor->title : template;
        size_t length = piece == template ? 1 : strlen(piece);
        if (strncmp(text, piece, length) != 0)
            return false;
        text += length;
    }
    return *text == '\0';
}

static void check_text(const struct visitor *visitor, const char *text, const char *template, int line)
{
    search_foreign(text, visitor->identity);
    if (!matches(visitor, text, template))
        note_wrong(text, line, visitor->digits);
}

#define EXPECT_TEXT(visitor, text, template) check_text(visitor, text, template, __LINE__)

static bool is_mine(const struct visitor *visitor, ssr_json json)
{
    return ssr_json_equals(json, visitor->digits);
}

/* ---- Atoms ---------------------------------------------------------------------------------------------------------
 */

static ssr_status on_change(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    struct visitor *visitor = arg;
    visitor->changes++;
    expect(ssr_json_equals(previous, ""), visitor->digits);
    expect(is_mine(visitor, next) && is_mine(visitor, ssr_atom_value(atom)), visitor->digits);
    return SSR_OK;
}

static ssr_status on_destroy(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    struct visitor *visitor = arg;
    (void)atom;
    visitor->destroyed++;
    expect(ssr_json_type(next) == SSR_JSON_ABSENT && is_mine(visitor, previous), visitor->digits);
    return SSR_OK;
}

static ssr_status push(ssr_draft *draft, ssr_json item, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/-", ssr_input_cursor(item));
}

static void write_atoms(ssr_atom_store *atoms, struct visitor *visitor)
{
    ssr_atom *who = ssr_atom_use(atoms, app.who);
    expect(ssr_json_equals(ssr_atom_value(who), ""), visitor->digits);
    visitor->subscribed = ssr_atom_on_destroy(who, on_destroy, visitor) != NULL;
    expect(ssr_atom_on_change(who, on_change, visitor) && visitor->subscribed, visitor->digits);
    expect(ssr_atom_update(who, ssr_input_string(visitor->digits)) == SSR_OK, visitor->digits);
    ssr_atom *cart = ssr_atom_use(atoms, app.cart);
    expect(ssr_atom_act(cart, "push", ssr_input_string(visitor->digits)) == SSR_OK, visitor->digits);
    expect(is_mine(visitor, ssr_atom_get(cart, "0", (ssr_json){0})), visitor->digits);
    expect(ssr_json_count(ssr_atom_value(cart)) == 1, visitor->digits);
}

/* The atoms of a request; those that a hook and the loader have written are there from their pass on. */
static void use_atoms(ssr_ctx *ctx, struct visitor *visitor)
{
    ssr_atom_store *atoms = ssr_atoms(ctx);
    write_atoms(atoms, visitor);
    ssr_atom *kept = ssr_atom_use(atoms, app.kept);
    expect(ssr_atom_update(kept, ssr_input_string(visitor->digits)) == SSR_OK, visitor->digits);
    expect(is_mine(visitor, ssr_atom_value(ssr_atom_use(atoms, app.greeted))), visitor->digits);
    ssr_json answer = ssr_atom_value(ssr_atom_use(atoms, app.answer));
    expect(ssr_pass(ctx) == 1 ? ssr_json_equals(answer, "") : is_mine(visitor, answer), visitor->digits);
    sched_yield();
    ssr_html(ctx, "<li>");
    ssr_text_json(ctx, ssr_atom_value(ssr_atom_store_get(atoms, "who")));
    ssr_html(ctx, "</li>");
}

/* A store of one's own beside the engine's requests: hydrated, changed, taken as a snapshot, destroyed. */
static void use_own_store(struct visitor *visitor)
{
    ssr_atom_store *store;
    ssr_value *snapshot = NULL;
    ssr_allocator allocator = shared_allocator(&app.memory);
    ssr_builder *builder = ssr_builder_new(&allocator);
    expect(ssr_atom_store_new(ssr_engine_registry(app.engine), &store) == SSR_OK, visitor->digits);
    expect(ssr_atom_store_hydrate(store, ssr_input_json("{\"answer\":[]}")) == SSR_OK, visitor->digits);
    ssr_atom_use(store, app.answer);
    write_atoms(store, visitor);
    ssr_atom_store_snapshot(store, builder);
    expect(ssr_builder_finish(builder, &snapshot) == SSR_OK, visitor->digits);
    EXPECT_TEXT(visitor, ssr_value_text(snapshot), "{\"answer\":[],\"cart\":[\"@\"],\"who\":\"@\"}");
    ssr_value_free(snapshot);
    ssr_builder_free(builder);
    expect(ssr_atom_store_destroy(store) == SSR_OK, visitor->digits);
    expect(visitor->changes == 1 && visitor->destroyed == 1, visitor->digits);
    visitor->changes = visitor->subscribed = visitor->destroyed = 0;
}

/* ---- The page ------------------------------------------------------------------------------------------------------
 */

/* A state of the shared store says a number twice; a request sees one of them in all its passes. */
static void use_shared(ssr_ctx *ctx, struct visitor *visitor)
{
    int64_t number = -2, twice = -2;
    ssr_json state = ssr_shared_get(ctx, app.site);
    ssr_json_integer(ssr_json_at(state, "/number"), &number);
    ssr_json_integer(ssr_json_at(state, "/twice"), &twice);
    expect(number >= 0 && twice == 2 * number, visitor->digits);
    expect(visitor->pinned < 0 || visitor->pinned == number, visitor->digits);
    visitor->pinned = number;
    expect(ssr_shared_replace(app.site, ssr_input_string(visitor->digits)) == SSR_E_SHARED_WRITE, visitor->digits);
}

static ssr_status rename_account(ssr_draft *draft, ssr_json name, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/name", ssr_input_cursor(name));
}

static void show_account(ssr_ctx *ctx, const struct visitor *visitor, const char *name)
{
    ssr_json state = ssr_context_use(ctx, app.account);
    expect(is_mine(visitor, ssr_json_at(state, "/id")), visitor->digits);
    expect(ssr_json_equals(ssr_json_at(state, "/name"), name), visitor->digits);
    ssr_html(ctx, "<b>");
    ssr_text_json(ctx, ssr_json_at(state, "/name"));
    ssr_html(ctx, "</b>");
}

static ssr_status inner_account(ssr_ctx *ctx, void *arg)
{
    struct visitor *visitor = arg;
    show_account(ctx, visitor, "inner");
    ssr_context_act(ctx, app.account, "rename", ssr_input_string(visitor->title));
    show_account(ctx, visitor, visitor->title);
    ssr_component(ctx, app.badge, NULL, ssr_input_string(visitor->digits));
    ssr_component(ctx, app.still, NULL, ssr_input_string(visitor->digits));
    return SSR_OK;
}

static ssr_input account_data(const struct visitor *visitor, const char *name, char *buffer, size_t size)
{
    snprintf(buffer, size, "{\"id\":\"%s\",\"name\":\"%s\"}", visitor->digits, name);
    return ssr_input_json(buffer);
}

static ssr_status outer_account(ssr_ctx *ctx, void *arg)
{
    struct visitor *visitor = arg;
    char data[80];
    show_account(ctx, visitor, "outer");
    ssr_status status = ssr_context_provide(ctx, app.account, "in", account_data(visitor, "inner", data, sizeof data),
                                            inner_account, visitor);
    show_account(ctx, visitor, "outer");
    return status;
}

static bool has_prop(const ssr_props *props, const char *text)
{
    return text && ssr_json_equals(props->json, text);
}

/* Runs in every pass, because the title changes under it. */
static ssr_status render_badge(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    expect(has_prop(props, ssr_cookie_get_string(ctx, app.session)), "badge");
    expect(ssr_json_equals(ssr_json_at(ssr_context_use(ctx, app.account), "/id"), ssr_string(ctx, props->json)),
           "badge");
    ssr_html(ctx, "<i>");
    ssr_text(ctx, ssr_get_string(ctx, app.title));
    return ssr_html(ctx, "</i>");
}

/* Is taken over from the pass before: what it read has not changed. */
static ssr_status render_still(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    expect(has_prop(props, ssr_cookie_get_string(ctx, app.who_cookie)), "still");
    ssr_html(ctx, "<u>");
    ssr_text_json(ctx, props->json);
    return ssr_html(ctx, "</u>");
}

static void ask(ssr_ctx *ctx, const struct visitor *visitor)
{
    ssr_query_result result = ssr_query_string(ctx, app.echo, visitor->digits, true);
    if (ssr_pass(ctx) == 1) {
        expect(result.state == SSR_QUERY_PENDING, visitor->digits);
        return;
    }
    expect(result.state == SSR_QUERY_READY, visitor->digits);
    ssr_html(ctx, "<em>");
    ssr_text_json(ctx, ssr_json_at(result.data, "/cookie"));
    ssr_html(ctx, "</em>");
}

/* Deep in the page: sets what the layout above has shown already. */
static ssr_status set_stores(ssr_ctx *ctx, void *arg)
{
    const struct visitor *visitor = arg;
    ssr_set_string(ctx, app.title, visitor->title);
    ssr_builder *trail = ssr_build(ctx);
    ssr_builder_begin_array(trail);
    ssr_builder_string(trail, visitor->digits);
    ssr_builder_end_array(trail);
    ssr_set_built(ctx, app.trail);
    ssr_cookie_set(ctx, app.seen, ssr_input_string(visitor->digits));
    return ssr_cookie_set(ctx, app.session, ssr_input_string(visitor->digits));
}

static ssr_status content(ssr_ctx *ctx, struct visitor *visitor)
{
    char data[80];
    ask(ctx, visitor);
    use_atoms(ctx, visitor);
    use_shared(ctx, visitor);
    ssr_status status = ssr_context_provide(ctx, app.account, NULL, account_data(visitor, "outer", data, sizeof data),
                                            outer_account, visitor);
    ssr_effect(ctx, set_stores, visitor);
    return status;
}

static void layout(ssr_ctx *ctx, const struct visitor *visitor)
{
    expect(ssr_host(ctx) == visitor && ssr_now(ctx) == now_of(visitor), visitor->digits);
    ssr_html(ctx, "<h1>");
    ssr_text(ctx, ssr_get_string(ctx, app.title));
    ssr_html(ctx, "</h1><p title=\"");
    ssr_attr(ctx, ssr_get_string(ctx, app.born));
    ssr_html(ctx, "\">");
    ssr_text(ctx, ssr_get_string(ctx, app.hooked));
    ssr_html(ctx, "</p>");
    ssr_text(ctx, ssr_get_string(ctx, app.noted));
    ssr_text_json(ctx, ssr_json_at(ssr_get_json(ctx, app.trail), "/0"));
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    struct visitor *visitor = arg;
    char path[2 + DIGITS];
    layout(ctx, visitor);
    sched_yield();
    ssr_status status = content(ctx, visitor);
    if (ssr_pass(ctx) == 1)
        return status;
    if (visitor->kind == FAILING)
        return ssr_fail(ctx, visitor->digits);
    snprintf(path, sizeof path, "/%s", visitor->digits);
    return visitor->kind == REDIRECTED ? ssr_redirect(ctx, path, 303) : status;
}

static ssr_status make_born(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)arg;
    return ssr_builder_string(value, ssr_cookie_get_string(ctx, app.who_cookie));
}

/* ---- Hook and loader, on the threads of the pool -------------------------------------------------------------------
 */

/* The digits that the request's cookies say; both must say the same. */
static void read_cookies(ssr_operation *operation, char *digits)
{
    char sealed[DIGITS + 1] = "";
    ssr_json_string(ssr_operation_cookie(operation, app.session), sealed, sizeof sealed);
    ssr_json sent = ssr_operation_cookie(operation, app.who_cookie);
    sched_yield(); /* here as in the page: lets another request run in the middle */
    ssr_json_string(sent, digits, DIGITS + 1);
    expect(strcmp(digits, sealed) == 0, digits);
    expect(strcmp(digits, ssr_operation_request_id(operation)) == 0, digits);
    expect(ssr_shared_replace(app.site, ssr_input_string(digits)) == SSR_E_SHARED_WRITE, digits);
}

static ssr_status greet(ssr_operation *operation, void *arg)
{
    char digits[DIGITS + 1] = "";
    (void)arg;
    read_cookies(operation, digits);
    expect(ssr_operation_set_header(operation, "X-Who", digits) == SSR_OK, digits);
    expect(ssr_operation_set_cookie(operation, app.visited, ssr_input_string(digits)) == SSR_OK, digits);
    ssr_builder_string(ssr_operation_build_store(operation), digits);
    expect(ssr_operation_set(operation, app.hooked) == SSR_OK, digits);
    ssr_builder_string(ssr_operation_build_store(operation), digits);
    expect(ssr_operation_update_atom(operation, app.greeted) == SSR_OK, digits);
    return SSR_OK;
}

/* Ends the render that waits for this loader. Its visitor is gone from then on. */
static void cancel_render(ssr_operation *operation, const char *digits)
{
    expect(ssr_pool_cancel(app.pool, app.waiting[ssr_operation_location(operation)[1] - '0']), digits);
}

static void set_with_answer(ssr_operation *operation, const char *digits)
{
    expect(ssr_operation_set_cookie(operation, app.loaded, ssr_input_string(digits)) == SSR_OK, digits);
    ssr_builder_string(ssr_operation_build_store(operation), digits);
    expect(ssr_operation_set(operation, app.noted) == SSR_OK, digits);
    ssr_builder_string(ssr_operation_build_store(operation), digits);
    expect(ssr_operation_update_atom(operation, app.answer) == SSR_OK, digits);
}

static ssr_status load_echo(ssr_operation *operation, void *arg)
{
    char digits[DIGITS + 1] = "";
    (void)arg;
    read_cookies(operation, digits);
    expect(ssr_json_equals(ssr_operation_args(operation), digits), digits);
    expect(ssr_json_equals(ssr_operation_get(operation, app.hooked), digits), digits);
    expect(ssr_json_equals(ssr_operation_atom(operation, app.greeted), digits), digits);
    set_with_answer(operation, digits);
    if (kind_of(strtoull(digits, NULL, 16)) == CANCELLED)
        cancel_render(operation, digits);
    ssr_builder *data = ssr_operation_build(operation);
    ssr_builder_begin_object(data);
    ssr_builder_key(data, "cookie");
    ssr_builder_string(data, digits);
    return ssr_builder_end_object(data);
}

static const ssr_hook hooks[] = {{.name = "greet", .run = greet}};
static const ssr_route route = {.hooks = hooks, .hook_count = TEST_COUNT(hooks)};

static const ssr_route *find_route(const char *location, void *arg)
{
    (void)location, (void)arg;
    return &route;
}

/* ---- Checking a response -------------------------------------------------------------------------------------------
 */

static const char first_html[] = "<h1>none</h1><p title=\"@\">@</p>nobodynobody<li>@</li>"
                                 "<b>outer</b><b>inner</b><b>$</b><i>none</i><u>@</u><b>outer</b>";
static const char first_data[] =
    "{\"atoms\":{\"answer\":\"\",\"cart\":[\"@\"],\"greeted\":\"@\",\"kept\":\"@\",\"who\":\"@\"},"
    "\"contexts\":{\"/account\":{\"id\":\"@\",\"name\":\"outer\"},"
    "\"/account/account:in\":{\"id\":\"@\",\"name\":\"inner\"}},\"queries\":{},"
    "\"stores\":{\"born\":\"@\",\"hooked\":\"@\",\"noted\":\"nobody\",\"title\":\"none\",\"trail\":[\"nobody\"]},\"v\":"
    "1}";
static const char last_html[] = "<h1>$</h1><p title=\"@\">@</p>@@<em>@</em><li>@</li>"
                                "<b>outer</b><b>inner</b><b>$</b><i>$</i><u>@</u><b>outer</b>";
static const char last_data[] =
    "{\"atoms\":{\"answer\":\"@\",\"cart\":[\"@\"],\"greeted\":\"@\",\"kept\":\"@\",\"who\":\"@\"},"
    "\"contexts\":{\"/account\":{\"id\":\"@\",\"name\":\"outer\"},"
    "\"/account/account:in\":{\"id\":\"@\",\"name\":\"inner\"}},"
    "\"queries\":{\"[\\\"echo\\\",\\\"@\\\"]\":{\"ready\":{\"cookie\":\"@\"}}},"
    "\"stores\":{\"born\":\"@\",\"hooked\":\"@\",\"noted\":\"@\",\"title\":\"$\",\"trail\":[\"@\"]},\"v\":1}";

/* Which Set-Cookie lines there are. */
enum { VISITED = 1, LOADED = 2, SEEN = 4, KEPT = 8, SESSION = 16, OF_PAGE = VISITED | SEEN | KEPT | SESSION };

static const struct {
    unsigned bit;
    const char *line;
} cookie_lines[] = {
    {VISITED, "visited=@; Path=/; SameSite=Lax"},
    {LOADED, "loaded=@; Path=/; SameSite=Lax"},
    {SEEN, "seen=@; Path=/; SameSite=Lax"},
    {KEPT, "kept=%22@%22; Path=/; SameSite=Lax"},
};

/* Whether a sealed cookie, as a browser would send it back, holds the identity. */
static bool opens_to_mine(const struct visitor *visitor, const char *line)
{
    char header[512];
    ssr_value *value = NULL;
    ssr_allocator allocator = shared_allocator(&app.memory);
    ssr_builder *builder = ssr_builder_new(&allocator);
    snprintf(header, sizeof header, "%.*s", (int)strcspn(line, ";"), line);
    const char *headers = header;
    ssr_status status = ssr_cookie_read(app.session, &headers, 1, now_of(visitor), builder);
    bool is_built = ssr_builder_finish(builder, &value) == SSR_OK;
    bool is_right = status == SSR_OK && is_built && is_mine(visitor, ssr_value_json(value));
    ssr_value_free(value);
    ssr_builder_free(builder);
    return is_right;
}

static unsigned bit_of(const struct visitor *visitor, const char *line)
{
    search_foreign(line, visitor->identity);
    if (strncmp(line, "session=", 8) == 0)
        return opens_to_mine(visitor, line) ? SESSION : 0;
    for (size_t i = 0; i < TEST_COUNT(cookie_lines); i++)
        if (matches(visitor, line, cookie_lines[i].line))
            return cookie_lines[i].bit;
    return 0;
}

static void check_cookies(const struct visitor *visitor, const ssr_result *result, unsigned wanted)
{
    unsigned seen = 0;
    for (size_t i = 0; i < result->set_cookie_count; i++) {
        unsigned bit = bit_of(visitor, result->set_cookies[i]);
        if (bit == 0 || (seen & bit) != 0)
            note_wrong(result->set_cookies[i], __LINE__, visitor->digits);
        seen |= bit;
    }
    expect(seen == wanted, visitor->digits);
}

static void check_document(const struct visitor *visitor, const ssr_result *result, const char *html, const char *data)
{
    static const char before[] = "<script type=\"application/json\" id=\"__SSRSTORE__\">", after[] = "</script>";
    const char *transfer = result->transfer;
    EXPECT_TEXT(visitor, result->html, html);
    EXPECT_TEXT(visitor, result->data, data);
    search_foreign(transfer, visitor->identity);
    expect(strncmp(transfer, before, sizeof before - 1) == 0, visitor->digits);
    expect(strncmp(transfer + sizeof before - 1, result->data, result->data_length) == 0, visitor->digits);
    expect(strcmp(transfer + sizeof before - 1 + result->data_length, after) == 0, visitor->digits);
    expect(result->header_count == 1, visitor->digits);
    if (result->header_count == 1)
        EXPECT_TEXT(visitor, result->headers[0].value, "@");
}

static void check_nothing(const struct visitor *visitor, const ssr_result *result)
{
    expect(!result->has_document && !result->html[0] && !result->transfer[0] && !result->data[0], visitor->digits);
}

/* What a visitor's listeners were told: of the change in each pass, and of the end once, in the last pass of a render
 * that completed; nobody is told of a pass that is taken back. */
static void check_told(const struct visitor *visitor, unsigned passes, unsigned destroyed)
{
    expect(visitor->changes == passes, visitor->digits);
    expect(visitor->destroyed == destroyed, visitor->digits);
}

static void check_outcome(const struct visitor *visitor, const ssr_result *result, ssr_outcome outcome, unsigned passes)
{
    expect(result->outcome == outcome && result->passes == passes, visitor->digits);
    expect(result->refused == passes + 1 + (outcome != SSR_CANCELLED), visitor->digits); /* page, hook, loader */
    expect(strcmp(result->cache_control, "private, no-store") == 0, visitor->digits);
    search_foreign(result->error, visitor->identity);
}

static void check_result(const struct visitor *visitor, const ssr_result *result)
{
    switch (visitor->kind) {
    case FAILING:
        check_outcome(visitor, result, SSR_FAILED, 2);
        check_nothing(visitor, result);
        expect(strstr(result->error, visitor->digits) != NULL, visitor->digits);
        break;
    case CANCELLED:
        check_outcome(visitor, result, SSR_CANCELLED, 1);
        check_document(visitor, result, first_html, first_data);
        check_cookies(visitor, result, OF_PAGE); /* the loader answers when nobody waits any more */
        return;
    case REDIRECTED:
        check_outcome(visitor, result, SSR_REDIRECT, 2);
        check_nothing(visitor, result);
        EXPECT_TEXT(visitor, result->redirect_to, "/@");
        break;
    default: check_outcome(visitor, result, SSR_SETTLED, 2); check_document(visitor, result, last_html, last_data);
    }
    check_cookies(visitor, result, OF_PAGE | LOADED);
}

/* ---- Serving -------------------------------------------------------------------------------------------------------
 */

/* What a browser would send that has the session of an earlier response. */
static void make_cookies(const struct visitor *visitor, char who[WHO_BYTES], char *session, size_t size)
{
    size_t length = 0;
    ssr_input digits = ssr_input_string(visitor->digits);
    snprintf(who, WHO_BYTES, "theme=dark; who=%s", visitor->digits);
    ssr_status status = ssr_cookie_write(app.session, &digits, NULL, now_of(visitor), session, size, &length);
    expect(status == SSR_OK && length < size, visitor->digits);
    session[strcspn(session, ";")] = '\0';
}

/* Hands over to the pool or, when that has no room, answers here. */
static void submit(ssr_operation *operation)
{
    if (ssr_pool_submit(app.pool, operation) != SSR_OK)
        ssr_operation_run(operation);
}

/* Leaves a render in the middle: before it began, while its hook waits to be handed out, while its loader waits for
 * that, or while its loader runs, which then answers nobody. */
static void abandon(struct visitor *visitor, const ssr_request *request)
{
    ssr_render *render;
    unsigned way = (visitor->identity >> 3) % 4;
    expect(ssr_render_new(app.engine, page, visitor, request, &render) == SSR_OK, visitor->digits);
    if (way > 0)
        expect(ssr_render_step(render, 0) == SSR_STEP_WAITING, visitor->digits);
    if (way > 1) {
        ssr_operation_run(ssr_render_next_operation(render));
        while (ssr_render_step(render, 0) == SSR_STEP_AGAIN)
            continue;
    }
    if (way > 2)
        submit(ssr_render_next_operation(render));
    ssr_render_free(render);
    check_told(visitor, way > 1, 0);
}

static void serve(struct visitor *visitor, const ssr_request *request)
{
    ssr_render **render = &app.waiting[visitor->thread];
    ssr_status status = ssr_pool_run(app.pool, app.engine, page, visitor, request, render);
    expect(status == (visitor->kind == FAILING ? SSR_E_FAILED : SSR_OK) && *render, visitor->digits);
    if (*render)
        check_result(visitor, ssr_render_result(*render));
    ssr_render_free(*render);
    check_told(visitor, visitor->kind == CANCELLED ? 1 : 2, visitor->kind == WHOLE || visitor->kind == REDIRECTED);
}

static void visit(unsigned thread, uint64_t identity)
{
    struct visitor visitor;
    char who[WHO_BYTES], session[256], location[4];
    const char *headers[] = {who, session};
    visitor_init(&visitor, thread, identity);
    make_cookies(&visitor, who, session, sizeof session);
    snprintf(location, sizeof location, "/%u", thread);
    ssr_request request = {.id = visitor.digits,
                           .location = location,
                           .cookie_headers = headers,
                           .cookie_header_count = 2,
                           .host = &visitor,
                           .now_ms = now_of(&visitor),
                           .seed = identity,
                           .find_route = find_route};
    if (identity % 16 == 0)
        use_own_store(&visitor);
    if (visitor.kind == ABANDONED)
        abandon(&visitor, &request);
    else
        serve(&visitor, &request);
    atomic_fetch_add(&app.ended[visitor.kind], 1);
}

static void *visit_often(void *arg)
{
    unsigned thread = (unsigned)(uintptr_t)arg;
    for (uint64_t number = thread + 1; number <= all_requests; number += THREADS)
        visit(thread, identity_of(number));
    return NULL;
}

/* ---- The shared store's writer, who serves nobody ------------------------------------------------------------------
 */

static ssr_status count_on(ssr_draft *draft, void *arg)
{
    int64_t number = -1;
    (void)arg;
    ssr_json_integer(ssr_draft_get(draft, "/number"), &number);
    ssr_draft_set(draft, "/number", ssr_input_integer(number + 1));
    return ssr_draft_set(draft, "/twice", ssr_input_integer(2 * (number + 1)));
}

static ssr_status on_shared(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg)
{
    unsigned *told = arg;
    (void)next, (void)previous;
    ++*told;
    return SSR_OK;
}

/* Writes until all have been served, and finds at the end its own writes and nobody else's. */
static void *write_shared(void *arg)
{
    unsigned writes = 0, told = 0;
    char last[64];
    ssr_subscription subscription;
    (void)arg;
    expect(ssr_shared_subscribe(app.site, on_shared, &told, &subscription) == SSR_OK, "writer");
    for (; !atomic_load(&app.is_over); writes++) {
        expect(ssr_shared_update(app.site, count_on, NULL) == SSR_OK, "writer");
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    ssr_unsubscribe(subscription);
    ssr_snapshot *snapshot = ssr_shared_snapshot(app.site);
    snprintf(last, sizeof last, "{\"number\":%u,\"twice\":%u}", writes, 2 * writes);
    expect(told == writes && strcmp(ssr_snapshot_text(snapshot, NULL), last) == 0, "writer");
    ssr_snapshot_free(snapshot);
    return NULL;
}

/* ---- The test ------------------------------------------------------------------------------------------------------
 */

/* A record names its own request; what its cookies and values were it does not say of anybody. */
static void on_record(void *arg, ssr_record *record)
{
    const char *id = ssr_record_summarize(record).id, *json = ssr_record_json(record, NULL);
    (void)arg;
    atomic_fetch_add(&app.records, 1);
    search_foreign(json ? json : "", strtoull(id, NULL, 16));
    expect(json && strstr(json, id), id);
}

static ssr_cookie *define_cookie(const char *name, ssr_cookie_encoding encoding, ssr_cookie_protection protection)
{
    ssr_cookie_options options = {.encoding = encoding, .protection = protection};
    return ssr_cookie_define(ssr_engine_registry(app.engine), name, &options);
}

static void define_cookies(void)
{
    app.who_cookie = define_cookie("who", SSR_COOKIE_RAW, SSR_COOKIE_PLAIN);
    app.session = define_cookie("session", SSR_COOKIE_RAW, SSR_COOKIE_SEALED);
    app.visited = define_cookie("visited", SSR_COOKIE_RAW, SSR_COOKIE_PLAIN);
    app.loaded = define_cookie("loaded", SSR_COOKIE_RAW, SSR_COOKIE_PLAIN);
    app.seen = define_cookie("seen", SSR_COOKIE_RAW, SSR_COOKIE_PLAIN);
    define_cookie("kept", SSR_COOKIE_JSON, SSR_COOKIE_PLAIN);
}

static void define_stores(ssr_registry *registry)
{
    ssr_store_options born = {.init = make_born}, nobody = {.default_string = "nobody"};
    ssr_store_options trail = {.default_json = "[\"nobody\"]", .lifetime = SSR_DERIVED},
                      none = {.default_string = "none"};
    app.title = ssr_store_define(registry, "title", &none);
    app.trail = ssr_store_define(registry, "trail", &trail);
    app.born = ssr_store_define(registry, "born", &born);
    app.hooked = ssr_store_define(registry, "hooked", &nobody);
    app.noted = ssr_store_define(registry, "noted", &nobody);
}

static void define_atoms(ssr_registry *registry)
{
    static const ssr_action actions[] = {{"push", push, NULL}};
    ssr_atom_options text = {.default_json = "\"\""}, kept = {.default_json = "\"\"", .persist = "kept"};
    ssr_atom_options list = {.default_json = "[]", .actions = actions, .action_count = 1};
    app.who = ssr_atom_define(registry, "who", &text);
    app.cart = ssr_atom_define(registry, "cart", &list);
    app.kept = ssr_atom_define(registry, "kept", &kept);
    app.greeted = ssr_atom_define(registry, "greeted", &text);
    app.answer = ssr_atom_define(registry, "answer", &text);
}

static void define_the_rest(ssr_registry *registry)
{
    static const ssr_action actions[] = {{"rename", rename_account, NULL}};
    ssr_context_options account = {.actions = actions, .action_count = 1};
    ssr_shared_options site = {.initial_json = "{\"number\":0,\"twice\":0}", .policy = SSR_LOCAL};
    app.account = ssr_context_define(registry, "account", &account);
    app.badge = ssr_component_define(registry, "badge", &(ssr_component_options){.render = render_badge});
    app.still = ssr_component_define(registry, "still", &(ssr_component_options){.render = render_still});
    app.echo = ssr_query_define(registry, "echo", &(ssr_query_options){.load = load_echo});
    app.site = ssr_shared_define(registry, "site", &site);
}

static void open_application(void)
{
    static const unsigned char secret[] = "0123456789abcdef0123456789abcdef";
    static const ssr_cookie_key key = {"k1", secret, SSR_COOKIE_KEY_BYTES};
    ssr_config config = ssr_config_default();
    config.allocator = shared_allocator(&app.memory);
    config.cookie_keys = &key;
    config.cookie_key_count = 1;
    config.log.record = on_record;
    assert_status(ssr_engine_new(&config, &app.engine), SSR_OK);
    define_cookies();
    define_stores(ssr_engine_registry(app.engine));
    define_atoms(ssr_engine_registry(app.engine));
    define_the_rest(ssr_engine_registry(app.engine));
    assert_status(ssr_engine_start(app.engine), SSR_OK);
    assert_status(ssr_pool_new(&config.allocator, LOADING_THREADS, QUEUE, &app.pool), SSR_OK);
}

static void close_application(void)
{
    ssr_pool_free(app.pool);
    ssr_engine_free(app.engine);
    assert_int_equal(atomic_load(&app.memory.live_blocks), 0);
    assert_int_equal(atomic_load(&app.memory.live_bytes), 0);
}

static unsigned count_of(enum kind kind)
{
    return atomic_load(&app.ended[kind]);
}

static void no_request_sees_another(void **state)
{
    pthread_t threads[THREADS], writer;
    (void)state;
    open_application();
    assert_int_equal(pthread_create(&writer, NULL, write_shared, NULL), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visit_often, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&app.is_over, true);
    pthread_join(writer, NULL);
    print_message("count: %u requests: %u whole, %u failed, %u abandoned, %u cancelled, %u redirected; %u foreign\n",
                  atomic_load(&app.begun), count_of(WHOLE), count_of(FAILING), count_of(ABANDONED), count_of(CANCELLED),
                  count_of(REDIRECTED), atomic_load(&app.foreign));
    assert_string_equal(app.first_wrong, "");
    assert_int_equal(atomic_load(&app.wrong), 0);
    assert_int_equal(atomic_load(&app.foreign), 0);
    assert_int_equal(atomic_load(&app.begun), all_requests);
    assert_int_equal(atomic_load(&app.records), all_requests - count_of(ABANDONED));
    close_application();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_request_sees_another)};
    if (argc > 1)
        all_requests = strtoul(argv[1], NULL, 10);
    return cmocka_run_group_tests_name("isolation", tests, NULL, NULL);
}
