/*
 * What libmicrohttpd alone costs: ssrconstant FILE [NAME VALUE]... answers every request on a free port of 127.0.0.1,
 * which it prints, with the bytes of the file and these headers, until its input ends.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static enum MHD_Result answer(void *response, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **context)
{
    static int seen;
    (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    if (!*context) { /* the head; answered after the body, the connection stays */
        *context = &seen;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

static struct MHD_Response *read_response(const char *path)
{
    static char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    return length > 0 ? MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_PERSISTENT) : NULL;
}

int main(int argc, char **argv)
{
    struct MHD_Response *response = argc > 1 ? read_response(argv[1]) : NULL;
    if (!response)
        return 2;
    for (int i = 2; i + 1 < argc; i += 2)
        MHD_add_response_header(response, argv[i], argv[i + 1]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, response,
                                                 MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
    if (!daemon)
        return 1;
    printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    MHD_stop_daemon(daemon);
    MHD_destroy_response(response);
    return 0;
}
