/* demo/posts.h - what is posted: forms, that render nothing themselves. */
#ifndef DEMO_POSTS_H
#define DEMO_POSTS_H

#include "demo/request.h"
#include "demo/response.h"

/*
 * Answers a POST to response->visit.route, which has a handler for it: refuses what no form of this site sends, and
 * calls the handler. Without a status afterwards the page of the route is the answer.
 */
void posts_answer(struct response *response, const struct request *request, int64_t now_ms);

/* Handlers: they redirect, or say in visit.refusal what is wrong and leave the rest to the page. */
void post_sign_in(struct response *response, const struct request *request, int64_t now_ms);
void post_sign_out(struct response *response, const struct request *request, int64_t now_ms);

#endif
