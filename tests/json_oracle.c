/*
 * The oracle shares nothing with the library, on purpose: a tree, strings as UTF-16 code units, insertion sort, and
 * numbers by trying printf's precisions against strtod. It trusts its input to be valid JSON and never frees a node
 * before the end, because it is only ever given small texts that the generator below made.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/json_oracle.h"

/* ---- Text that grows -------------------------------------------------------------------------------------------- */

struct out {
    char *bytes;
    size_t length, capacity;
};

static void *need(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static void put_byte(struct out *out, int byte)
{
    if (out->length + 1 >= out->capacity) {
        out->capacity = out->capacity * 2 + 64;
        out->bytes = need(realloc(out->bytes, out->capacity));
    }
    out->bytes[out->length++] = (char)byte;
    out->bytes[out->length] = '\0';
}

__attribute__((format(printf, 2, 3))) static void put(struct out *out, const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    for (const char *p = text; *p; p++)
        put_byte(out, *p);
}

static void put_utf8(struct out *out, uint32_t c)
{
    if (c < 0x80) {
        put_byte(out, (int)c);
    } else if (c < 0x800) {
        put_byte(out, (int)(0xc0 | c >> 6));
        put_byte(out, (int)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        put_byte(out, (int)(0xe0 | c >> 12));
        put_byte(out, (int)(0x80 | (c >> 6 & 63)));
        put_byte(out, (int)(0x80 | (c & 63)));
    } else {
        put_byte(out, (int)(0xf0 | c >> 18));
        put_byte(out, (int)(0x80 | (c >> 12 & 63)));
        put_byte(out, (int)(0x80 | (c >> 6 & 63)));
        put_byte(out, (int)(0x80 | (c & 63)));
    }
}

/* ---- The tree --------------------------------------------------------------------------------------------------- */

struct units {
    uint16_t *units;
    size_t count;
};

struct node {
    char kind; /* '{', '[', '"', or '0' for everything with text of its own */
    struct units string;
    char text[64];
    struct node *children; /* the first of a list */
    struct node *next;
    struct units key;
};

static void add_unit(struct units *string, uint32_t unit)
{
    string->units = need(realloc(string->units, (string->count + 1) * sizeof *string->units));
    string->units[string->count++] = (uint16_t)unit;
}

static void add_code_point(struct units *string, uint32_t c)
{
    if (c >= 0x10000) {
        add_unit(string, 0xd800 + ((c - 0x10000) >> 10));
        add_unit(string, 0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
        add_unit(string, c);
    }
}

static const char *parse_utf8(const char *p, struct units *string)
{
    unsigned char lead = (unsigned char)*p++;
    int tails = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    static const uint32_t bits[] = {0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = lead & bits[tails];
    for (; tails > 0; tails--)
        c = c << 6 | ((unsigned char)*p++ & 63);
    add_code_point(string, c);
    return p;
}

static const char *parse_string(const char *p, struct units *string)
{
    for (p++; *p != '"';) {
        if (*p != '\\') {
            p = parse_utf8(p, string);
        } else if (p[1] == 'u') {
            char digits[5] = {p[2], p[3], p[4], p[5], '\0'};
            add_unit(string, (uint32_t)strtoul(digits, NULL, 16));
            p += 6;
        } else {
            static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
            add_unit(string, (uint32_t)to[strchr(from, p[1]) - from]);
            p += 2;
        }
    }
    return p + 1;
}

static bool reads_back(const char *text, double value)
{
    return strtod(text, NULL) == value;
}

/*
 * "d.ddde+XX" with the fewest digits that read back. Below a power of two the doubles lie closer than above it, so that
 * what printf rounds down to may be another double while the digits one up are this one, as for 2^-44.
 */
static void shortest_digits(double value, char text[40])
{
    for (int precision = 0;; precision++) {
        snprintf(text, 40, "%.*e", precision, value);
        if (reads_back(text, value))
            return;
        char *last = strchr(text, 'e') - 1;
        if (*last != '9') /* else it is that of fewer digits */
            ++*last;
        if (reads_back(text, value))
            return;
    }
}

/* ECMA-262 Number::toString. */
static void number_text(double value, char text[64])
{
    char tried[40], digits[32];
    shortest_digits(value, tried);
    size_t count = 0;
    const char *p = tried + (*tried == '-');
    for (; *p != 'e'; p++)
        if (*p != '.')
            digits[count++] = *p;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    int point = atoi(p + 1) + 1, k = (int)count;
    const char *sign = value < 0 ? "-" : "";
    if (value == 0)
        strcpy(text, "0");
    else if (k <= point && point <= 21)
        snprintf(text, 64, "%s%s%.*s", sign, digits, point - k, "000000000000000000000");
    else if (0 < point && point <= 21)
        snprintf(text, 64, "%s%.*s.%s", sign, point, digits, digits + point);
    else if (-6 < point && point <= 0)
        snprintf(text, 64, "%s0.%.*s%s", sign, -point, "000000", digits);
    else
        snprintf(text, 64, "%s%.1s%s%se%+d", sign, digits, k > 1 ? "." : "", digits + 1, point - 1);
}

static const char *skip_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

static int compare_units(const struct units *a, const struct units *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (a->units[i] != b->units[i])
            return a->units[i] < b->units[i] ? -1 : 1;
    return a->count < b->count ? -1 : a->count > b->count;
}

/* Members go where their key belongs, elements to the end. */
static void add_child(struct node *parent, struct node *child)
{
    struct node **place = &parent->children;
    while (*place && (parent->kind == '[' || compare_units(&(*place)->key, &child->key) < 0))
        place = &(*place)->next;
    child->next = *place;
    *place = child;
}

static const char *parse_node(const char *p, struct node *node);

static const char *parse_children(const char *p, struct node *parent)
{
    p = skip_space(p + 1);
    while (*p != '}' && *p != ']') {
        struct node *child = need(calloc(1, sizeof *child));
        if (parent->kind == '{')
            p = skip_space(parse_string(p, &child->key)) + 1;
        p = skip_space(parse_node(skip_space(p), child));
        add_child(parent, child);
        if (*p == ',')
            p = skip_space(p + 1);
    }
    return p + 1;
}

static const char *parse_node(const char *p, struct node *node)
{
    node->kind = strchr("{[\"", *p) ? *p : '0';
    if (node->kind == '"')
        return parse_string(p, &node->string);
    if (node->kind != '0')
        return parse_children(p, node);
    size_t length = strspn(p, "truefalsn");
    if (length > 0) {
        snprintf(node->text, sizeof node->text, "%.*s", (int)length, p);
        return p + length;
    }
    char *end;
    number_text(strtod(p, &end), node->text);
    return end;
}

static void free_children(struct node *parent)
{
    while (parent->children) {
        struct node *child = parent->children;
        parent->children = child->next;
        free_children(child);
        free(child->string.units);
        free(child->key.units);
        free(child);
    }
}

/* ---- Writing it ------------------------------------------------------------------------------------------------- */

static void print_string(struct out *out, const struct units *string)
{
    put_byte(out, '"');
    for (size_t i = 0; i < string->count; i++) {
        uint32_t c = string->units[i];
        static const char from[] = "\b\t\n\f\r\"\\", to[] = "btnfr\"\\";
        if (c >= 0xd800 && c < 0xdc00)
            put_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (string->units[++i] - 0xdc00u));
        else if (c < 0x80 && strchr(from, (int)c))
            put(out, "\\%c", to[strchr(from, (int)c) - from]);
        else if (c < 0x20)
            put(out, "\\u%04x", (unsigned)c);
        else
            put_utf8(out, c);
    }
    put_byte(out, '"');
}

static void print_node(struct out *out, const struct node *node)
{
    if (node->kind == '"') {
        print_string(out, &node->string);
    } else if (node->kind == '0') {
        put(out, "%s", node->text);
    } else {
        put_byte(out, node->kind);
        for (const struct node *child = node->children; child; child = child->next) {
            if (child != node->children)
                put_byte(out, ',');
            if (node->kind == '{') {
                print_string(out, &child->key);
                put_byte(out, ':');
            }
            print_node(out, child);
        }
        put_byte(out, node->kind == '{' ? '}' : ']');
    }
}

char *oracle_canonical(const char *text)
{
    struct node root = {0};
    struct out out = {0};
    parse_node(skip_space(text), &root);
    print_node(&out, &root);
    free_children(&root);
    free(root.string.units);
    return out.bytes;
}

/* ---- Random JSON ------------------------------------------------------------------------------------------------ */

struct generator {
    uint64_t state;
    struct out out;
    unsigned keys; /* so far: a key ends in its number, so that none is repeated */
};

/* 0 to limit - 1; xorshift64*. */
static unsigned choose(struct generator *g, unsigned limit)
{
    g->state ^= g->state >> 12;
    g->state ^= g->state << 25;
    g->state ^= g->state >> 27;
    return (unsigned)((g->state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % limit;
}

static void random_space(struct generator *g)
{
    while (choose(g, 4) == 0)
        put_byte(&g->out, " \t\r\n"[choose(g, 4)]);
}

static void put_escaped_unit(struct generator *g, uint32_t unit)
{
    put(&g->out, choose(g, 2) ? "\\u%04x" : "\\u%04X", (unsigned)unit);
}

static void put_escaped(struct generator *g, uint32_t c)
{
    static const char from[] = "\"\\/\b\f\n\r\t", to[] = "\"\\/bfnrt";
    if (c < 0x80 && strchr(from, (int)c) && choose(g, 2)) {
        put(&g->out, "\\%c", to[strchr(from, (int)c) - from]);
    } else if (c >= 0x10000) {
        put_escaped_unit(g, 0xd800 + ((c - 0x10000) >> 10));
        put_escaped_unit(g, 0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
        put_escaped_unit(g, c);
    }
}

static void random_character(struct generator *g)
{
    static const uint32_t alphabet[] = {'a',    'b',    'Z',    '0',     ' ',     '/',     '"',    '\\',
                                        1,      8,      9,      10,      12,      13,      0x1f,   0x7f,
                                        0x80,   0xe9,   0x7ff,  0x800,   0x20ac,  0x2028,  0xd7ff, 0xe000,
                                        0xfb33, 0xfeff, 0xffff, 0x10000, 0x1f600, 0x10ffff};
    uint32_t c = alphabet[choose(g, sizeof alphabet / sizeof *alphabet)];
    if (c < 0x20 || c == '"' || c == '\\' || choose(g, 3) == 0)
        put_escaped(g, c);
    else
        put_utf8(&g->out, c);
}

static void random_string(struct generator *g, unsigned longest, bool is_key)
{
    put_byte(&g->out, '"');
    for (unsigned left = choose(g, longest + 1); left > 0; left--)
        random_character(g);
    if (is_key)
        put(&g->out, "%x", g->keys++);
    put_byte(&g->out, '"');
}

static void random_number(struct generator *g)
{
    static const char *const forms[] = {"%.0f", "%.3f", "%.17g", "%.1E", "%.25e", "%.9f"};
    static const double scales[] = {1, 1e-7, 1e21, 1e300, 1e-310, 0};
    double value = ((double)choose(g, 2000001) - 1000000) * (1.0 + choose(g, 1000) / 997.0);
    value *= scales[choose(g, 6)];
    char text[400];
    const char *form = forms[choose(g, 6)];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, form, value);
#pragma GCC diagnostic pop
    put(&g->out, "%s", text);
}

static void random_value(struct generator *g, unsigned depth);

static void random_children(struct generator *g, unsigned depth, bool is_object)
{
    put_byte(&g->out, is_object ? '{' : '[');
    random_space(g);
    unsigned count = choose(g, 7);
    for (unsigned i = 0; i < count; i++) {
        if (i > 0)
            put_byte(&g->out, ',');
        if (is_object) {
            random_space(g);
            random_string(g, 3, true);
            random_space(g);
            put_byte(&g->out, ':');
        }
        random_value(g, depth);
    }
    put_byte(&g->out, is_object ? '}' : ']');
}

static void random_value(struct generator *g, unsigned depth)
{
    static const char *const literals[] = {"null", "true", "false"};
    random_space(g);
    switch (choose(g, depth > 0 ? 7 : 4)) {
    case 0: put(&g->out, "%s", literals[choose(g, 3)]); break;
    case 1: random_number(g); break;
    case 2:
    case 3: random_string(g, choose(g, 10) == 0 ? 80 : 6, false); break;
    case 4: random_children(g, depth - 1, false); break;
    default: random_children(g, depth - 1, true);
    }
    random_space(g);
}

char *oracle_random_text(uint64_t seed)
{
    struct generator g = {(seed + 1) * UINT64_C(0x9e3779b97f4a7c15), {0}, 0};
    random_value(&g, 6);
    return g.out.bytes;
}
