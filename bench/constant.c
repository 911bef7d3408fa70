/*
 * What libmicrohttpd alone costs: ssrconstant FILE [NAME VALUE]... answers every request on a free port of 127.0.0.1,
 * which it prints, with the bytes of the file and these headers, until its input ends. The response is made once; for
 * the address /anew it is made for each request, as a page that is not always the same needs it. The daemon is set up
 * as the demo's.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "demo/daemon.h"

struct page {
    char bytes[1 << 20];
    size_t length;
    char **headers; /* names and values, up to NULL */
    struct MHD_Response *made;
};

static struct MHD_Response *make_response(struct page *page)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(page->length, page->bytes, MHD_RESPMEM_PERSISTENT);
    for (char **header = page->headers; response && header[0] && header[1]; header += 2)
        MHD_add_response_header(response, header[0], header[1]);
    return response;
}

static enum MHD_Result answer_anew(struct page *page, struct MHD_Connection *connection)
{
    struct MHD_Response *response = make_response(page);
    enum MHD_Result result = response ? MHD_queue_response(connection, MHD_HTTP_OK, response) : MHD_NO;
    if (response)
        MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(void *page, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **context)
{
    static int seen;
    (void)method, (void)version, (void)upload, (void)upload_size;
    if (!*context) { /* the head; answered after the body, the connection stays */
        *context = &seen;
        return MHD_YES;
    }
    if (strcmp(url, "/anew") == 0)
        return answer_anew(page, connection);
    return MHD_queue_response(connection, MHD_HTTP_OK, ((struct page *)page)->made);
}

static bool read_page(struct page *page, const char *path, char **headers)
{
    FILE *file = fopen(path, "rb");
    page->length = file ? fread(page->bytes, 1, sizeof page->bytes, file) : 0;
    if (file)
        fclose(file);
    page->headers = headers;
    page->made = page->length > 0 ? make_response(page) : NULL;
    return page->made;
}

int main(int argc, char **argv)
{
    static struct page page;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (argc < 2 || !read_page(&page, argv[1], argv + 2))
        return 2;
    struct MHD_Daemon *daemon = MHD_start_daemon(DAEMON_FLAGS, 0, NULL, NULL, answer, &page, MHD_OPTION_SOCK_ADDR,
                                                 &address, MHD_OPTION_ARRAY, daemon_options, MHD_OPTION_END);
    if (!daemon)
        return 1;
    printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    MHD_stop_daemon(daemon);
    MHD_destroy_response(page.made);
    return 0;
}
