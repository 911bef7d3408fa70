/* Names and advice of every status, made from status.def. Holds no state. */
#include "ssrstore/status.h"

static const char *const names[] = {
#define SSR_STATUS(identifier, name, advice) name,
#include "ssrstore/status.def"
#undef SSR_STATUS
};

static const char *const advices[] = {
#define SSR_STATUS(identifier, name, advice) advice,
#include "ssrstore/status.def"
#undef SSR_STATUS
};

const char *ssr_status_name(ssr_status status)
{
    return (unsigned)status < SSR_STATUS_COUNT ? names[status] : "unknown";
}

const char *ssr_status_advice(ssr_status status)
{
    return (unsigned)status < SSR_STATUS_COUNT ? advices[status] : "";
}
