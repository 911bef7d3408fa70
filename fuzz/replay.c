/*
 * A target without libFuzzer: replay_TARGET COUNT CORPUS gives it each file of the corpus, then so many changes of
 * those, the same ones in every run; replay_TARGET FILE... gives it files. Each input lies in memory of exactly its
 * size. One that ends the process is first written to replay_TARGET.crash in the working directory.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "fuzz/fuzz.h"

enum { MOST_FILES = 1000, LONGEST = 1 << 16, ROOM = LONGEST + 64 };

struct bytes {
    uint8_t *bytes;
    size_t length;
};

struct corpus {
    struct bytes files[MOST_FILES];
    size_t count;
};

/* ---- One input ----------------------------------------------------------------------------------------------------
 */

/* For the handler of the signal that ends the process. */
static struct bytes running;
static char crash_name[256];

static void keep_crash(int signal)
{
    int file = open(crash_name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0 && write(file, running.bytes, running.length) == (ssize_t)running.length) {
        const char *const says[] = {"replay: the input is in ", crash_name, "\n"};
        for (size_t i = 0; i < 3; i++)
            if (write(STDERR_FILENO, says[i], strlen(says[i])) < 0)
                break;
    }
    (void)signal; /* its default comes next: the handler is for once */
}

/* So that what a sanitizer finds comes by the handler, too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1";
}

static void replay(const uint8_t *bytes, size_t length)
{
    running = (struct bytes){malloc(length ? length : 1), length};
    expect(running.bytes != NULL);
    memcpy(running.bytes, bytes, length);
    LLVMFuzzerTestOneInput(running.bytes, length);
    free(running.bytes);
}

/* ---- The corpus ---------------------------------------------------------------------------------------------------
 */

static void read_file(struct corpus *corpus, const char *path)
{
    static uint8_t bytes[LONGEST];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    size_t length = fread(bytes, 1, sizeof bytes, file);
    expect(feof(file) && corpus->count < MOST_FILES);
    fclose(file);
    struct bytes *kept = &corpus->files[corpus->count++];
    *kept = (struct bytes){malloc(length ? length : 1), length};
    expect(kept->bytes != NULL);
    memcpy(kept->bytes, bytes, length);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* By name, so that every machine has the same order. */
static void read_corpus(struct corpus *corpus, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);
    if (count <= 0) {
        fprintf(stderr, "replay: no corpus in %s\n", folder);
        exit(2);
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        read_file(corpus, path);
        free(entries[i]);
    }
    free(entries);
}

/* ---- Changes ------------------------------------------------------------------------------------------------------
 */

/* xorshift64*: 0 to limit - 1, and 0 for no limit. */
static size_t choose(uint64_t *random, size_t limit)
{
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return limit ? (size_t)((*random * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % limit : 0;
}

/* Puts `length` bytes in the place of `taken` at `at`, as far as there is room. */
static void splice(struct bytes *input, size_t at, size_t taken, const uint8_t *bytes, size_t length)
{
    if (input->length - taken + length > ROOM)
        return;
    memmove(input->bytes + at + length, input->bytes + at + taken, input->length - at - taken);
    memcpy(input->bytes + at, bytes, length);
    input->length = input->length - taken + length;
}

static void change(struct bytes *input, const struct corpus *corpus, uint64_t *random)
{
    static const uint8_t telling[] = {0,   '\n', '"', '\\', '{', '}', '[', ']', ',', ':',  ';',  '=', '%',
                                      '<', '/',  '0', '9',  '-', 'e', ' ', 127, 128, 0xc0, 0xed, 0xff};
    const struct bytes *other = &corpus->files[choose(random, corpus->count)];
    size_t at = choose(random, input->length), rest = input->length - at;
    size_t from = choose(random, other->length), length = choose(random, other->length - from + 1);
    uint8_t one;
    switch (choose(random, 6)) {
    case 0:
        if (rest > 0)
            input->bytes[at] ^= (uint8_t)(1 << choose(random, 8));
        break;
    case 1:
        if (rest > 0)
            input->bytes[at] = telling[choose(random, sizeof telling)];
        break;
    case 2: splice(input, at, choose(random, (rest < 9 ? rest : 9) + 1), telling, 0); break;
    case 3: splice(input, at, choose(random, rest + 1), other->bytes + from, length); break;
    case 4: splice(input, at, 0, other->bytes + from, length < 16 ? length : 16); break;
    default: one = telling[choose(random, sizeof telling)]; splice(input, at, 0, &one, 1);
    }
}

static void replay_changes(const struct corpus *corpus, size_t count)
{
    static uint8_t bytes[ROOM];
    uint64_t random = 42;
    for (size_t i = 0; i < count; i++) {
        const struct bytes *file = &corpus->files[i % corpus->count];
        struct bytes input = {bytes, file->length};
        memcpy(bytes, file->bytes, file->length);
        for (size_t changes = 1 + choose(&random, 4); changes > 0; changes--)
            change(&input, corpus, &random);
        replay(input.bytes, input.length);
    }
}

int main(int argc, char **argv)
{
    static struct corpus corpus;
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    bool is_corpus = argc == 3 && strspn(argv[1], "0123456789") == strlen(argv[1]);
    size_t count = is_corpus ? strtoul(argv[1], NULL, 10) : 0;
    if (is_corpus)
        read_corpus(&corpus, argv[2]);
    for (int i = 1; !is_corpus && i < argc; i++)
        read_file(&corpus, argv[i]);
    snprintf(crash_name, sizeof crash_name, "%s.crash", name);
    sigaction(SIGABRT, &(struct sigaction){.sa_handler = keep_crash, .sa_flags = (int)SA_RESETHAND}, NULL);
    for (size_t i = 0; i < corpus.count; i++)
        replay(corpus.files[i].bytes, corpus.files[i].length);
    replay_changes(&corpus, count);
    if (is_corpus)
        printf("count: %zu fuzz inputs replayed through %s\n%s: 1 passed, 0 failed\n", corpus.count + count,
               strncmp(name, "replay_", 7) == 0 ? name + 7 : name, name);
    for (size_t i = 0; i < corpus.count; i++)
        free(corpus.files[i].bytes);
    return 0;
}
