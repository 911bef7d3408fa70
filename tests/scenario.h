/*
 * tests/scenario.h - golden scenarios: a page in a small line language, and the log of what a user of the library
 * could see of it. tests/scenarios/README.md describes the language.
 *
 *     scenario_read -> scenario_play (as often as wanted, in any driver, with any allocator) -> scenario_free
 */
#ifndef SSR_TESTS_SCENARIO_H
#define SSR_TESTS_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/ssr.h"
#include "text.h"

struct scenario;

/* Reads the file at `path`; NULL when there is none. A file that cannot be understood ends the program. */
struct scenario *scenario_read(const char *path);
void scenario_free(struct scenario *scenario);

/* The log that stands behind "---". */
const char *scenario_expected(const struct scenario *scenario);
/* Writes the file anew with another expected log. */
bool scenario_rewrite(const struct scenario *scenario, const char *log);

/* The paths of all scenario files of a directory, sorted, and how many; each and the array are the caller's. */
char **scenario_list(const char *directory, size_t *count);

enum scenario_driver {
    SCENARIO_RUN,     /* ssr_run */
    SCENARIO_STEPS,   /* ssr_render_step by hand; operations answered in the order they were handed out */
    SCENARIO_REVERSE, /* the same, answered in reverse order */
    SCENARIO_ONE,     /* one answered, then a step, then the next; and steps that find nothing new */
    SCENARIO_DATA,    /* in data mode: everything but the document is the same */
    SCENARIO_CANCEL,  /* cancelled at the first wait, answered only then: the log ends there */
    SCENARIO_DRIVERS
};

/* Whether the scenario can be played that way: one that cancels or tells the time needs the steps. */
bool scenario_can_play(const struct scenario *scenario, enum scenario_driver driver);

/* How a play ended, for those who want more than the log. */
struct scenario_end {
    ssr_status setup; /* SSR_OK, or the first error of the engine, a definition, the start or ssr_render_new */
    ssr_outcome outcome;
    ssr_status error_status;
};

/* Makes an engine on `allocator`, renders the page once, frees everything and appends what was seen to `log`. */
struct scenario_end scenario_play(const struct scenario *scenario, enum scenario_driver driver,
                                  const ssr_allocator *allocator, struct text *log);

#endif
