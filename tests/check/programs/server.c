// An HTTP server with a habit of memory: server MODE PORT [size=BYTES] [every=N] [entries=N]. See README.md.
// A leak is a handler of (key, number of the request) that returns the bytes that its request has leaked. A thread serves
// each connection; one at a time is in a handler, but each allocates from the arena of its own thread.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <malloc.h>
#include <math.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static char noise[2 << 20];
static long size_option, every_option, entries_option;

static long size(void) { return size_option ? size_option : 1024; }
static long every(long otherwise) { return every_option ? every_option : otherwise; }
static long entries(long otherwise) { return entries_option ? entries_option : otherwise; }
static double chance(void) { return rand() / (RAND_MAX + 1.0); }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static char *fill(char *content, size_t bytes) {
    return memcpy(content, noise + rand() % (sizeof noise - bytes), bytes);
}

static char *payload(size_t bytes) { return fill(malloc(bytes), bytes); }

// What malloc takes for a piece.
static long chunk(void *piece) { return malloc_usable_size(piece) + 8; }

struct list { void **items; size_t count, capacity; };

static void push(struct list *list, void *item) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 16;
        list->items = realloc(list->items, list->capacity * sizeof item);
    }
    list->items[list->count++] = item;
}

static void clear(struct list *list) { while (list->count) free(list->items[--list->count]); }

// ---------------------------------------------------------------- leaks

// The key has something unique in it. A node of the tree is a key and two links, 32 bytes of malloc.
static long cache(const char *key, long number) {
    static void *tree;   // of names with their contents behind
    char *entry = malloc(strlen(key) + 22 + size());
    fill(entry + sprintf(entry, "%s:%ld", key, number) + 1, size());
    tsearch(entry, &tree, (int (*)(const void *, const void *))strcmp);
    return chunk(entry) + 32;
}

struct callback { void (*call)(void *); void *content; struct callback *previous; };

static struct callback *new_callback(struct callback *previous) {
    struct callback *callback = malloc(sizeof *callback);
    *callback = (struct callback){free, payload(size()), previous};
    return callback;
}

static long listener(const char *key, long number) {
    static struct list listeners;
    struct callback *callback = new_callback(NULL);
    push(&listeners, callback);
    return chunk(callback) + chunk(callback->content) + sizeof callback;
}

static long closure(const char *key, long number) {
    static struct callback *latest;
    latest = new_callback(latest);
    return chunk(latest) + chunk(latest->content);
}

// The early return forgets to free.
static long error(const char *key, long number) {
    char *content = payload(size());
    if (number % every(10) == 0) return chunk(content);
    free(content);
    return 0;
}

static long offheap(const char *key, long number) {
    char *pages = mmap(NULL, size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) abort();
    fill(pages, size());
    return (size() + 4095) / 4096 * 4096;
}

enum { STACK = 16 << 10, THREAD = STACK + 8600 };   // with the thread's own records: measured

static void *wait_for_ever(void *content) {
    char frame[STACK];
    if (getrandom(frame, sizeof frame, 0) < 0) abort();
    for (;;) pause();
    return content;
}

static long thread(const char *key, long number) {
    if (number % every(50)) return 0;
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 << 10);
    char *content = payload(size());
    if (pthread_create(&thread, &attributes, wait_for_ever, content)) abort();
    return chunk(content) + THREAD;
}

static long small(const char *key, long number) {
    static struct list kept;
    char *content = payload(size_option ? size_option : 200);
    push(&kept, content);
    return chunk(content) + sizeof content;
}

// ---------------------------------------------------------------- clean

static void lru(long number) {
    struct cached { TAILQ_ENTRY(cached) order; long name; char *content; };
    static TAILQ_HEAD(, cached) order = TAILQ_HEAD_INITIALIZER(order);
    static struct cached **table;
    static long count;
    if (!table) table = calloc(2 * entries(3000), sizeof *table);
    long name = rand() % (2 * entries(3000));
    struct cached *entry = table[name], *oldest;
    if (entry) {
        TAILQ_REMOVE(&order, entry, order);
    } else {
        entry = table[name] = malloc(sizeof *entry);
        *entry = (struct cached){.name = name, .content = payload(size())};
        count++;
    }
    TAILQ_INSERT_TAIL(&order, entry, order);
    for (; count > entries(3000); count--) {
        oldest = TAILQ_FIRST(&order);
        TAILQ_REMOVE(&order, oldest, order);
        table[oldest->name] = NULL;
        free(oldest->content);
        free(oldest);
    }
}

static void garbage(long number) {
    static struct list recent[32];
    struct list *pieces = &recent[number % 32];
    clear(pieces);
    for (int i = 0; i < 256; i++) push(pieces, payload(size()));
}

static void batch(long number) {
    static struct list rows;
    for (int i = 0; i < 8; i++) push(&rows, payload(size()));
    if (number % entries(2000) == 0) clear(&rows);
}

// A connection is busy for some 20 ms; a new one is opened while all are busy and there are fewer than `entries`.
static void pool(long number) {
    struct connection { double free_at; struct list buffers; };
    static struct list connections;
    double t = now();
    struct connection *chosen = NULL;
    for (size_t i = 0; i < connections.count; i++) {
        struct connection *each = connections.items[i];
        if (!chosen || each->free_at < chosen->free_at) chosen = each;
    }
    if ((!chosen || chosen->free_at > t) && (long)connections.count < entries(64)) {
        chosen = calloc(1, sizeof *chosen);
        for (int i = 0; i < 16; i++) push(&chosen->buffers, payload(16 * size()));
        push(&connections, chosen);
    }
    chosen->free_at = fmax(t, chosen->free_at) - 0.02 * log(1 - chance());
}

static void warmup(long number) {
    static char **tables;
    if (!tables) tables = calloc(entries(600), sizeof *tables);
    char **table = &tables[rand() % entries(600)];
    if (!*table) *table = payload(16 * size());
}

static void sessions(long number) {
    struct session { STAILQ_ENTRY(session) order; double ends_at; struct list contents; };
    static STAILQ_HEAD(, session) live = STAILQ_HEAD_INITIALIZER(live);
    struct session *oldest, *fresh = calloc(1, sizeof *fresh);
    while ((oldest = STAILQ_FIRST(&live)) && oldest->ends_at <= now()) {
        STAILQ_REMOVE_HEAD(&live, order);
        clear(&oldest->contents);
        free(oldest->contents.items);
        free(oldest);
    }
    fresh->ends_at = now() + 5;
    for (int i = 0; i < 4; i++) push(&fresh->contents, payload(size()));
    STAILQ_INSERT_TAIL(&live, fresh, order);
}

static void arena(long number) {
    static char **slots;
    if (!slots) slots = calloc(entries(4000), sizeof *slots);
    for (int i = 0; i < 8; i++) {
        char **slot = &slots[rand() % entries(4000)];
        free(*slot);
        *slot = payload(size() / 8.0 * pow(64, chance()));
    }
}

// ---------------------------------------------------------------- server

static const struct { const char *name; long (*leaky)(const char *, long); void (*clean)(long); } modes[] = {
    {"cache", cache, NULL}, {"listener", listener, NULL}, {"closure", closure, NULL}, {"error", error, NULL},
    {"offheap", offheap, NULL}, {"thread", thread, NULL}, {"small", small, NULL}, {"lru", NULL, lru},
    {"garbage", NULL, garbage}, {"batch", NULL, batch}, {"pool", NULL, pool}, {"warmup", NULL, warmup},
    {"sessions", NULL, sessions}, {"arena", NULL, arena}, {NULL, NULL, NULL}}, *mode = modes;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long requests, leaked;

static const char *answer(const char *path, char *body, size_t room) {
    const char *status = "200 OK";
    pthread_mutex_lock(&lock);
    if (!strcmp(path, "/truth")) {
        snprintf(body, room, "{\"requests\":%ld,\"leaked_bytes\":%ld}", requests, leaked);
    } else if (!strcmp(path, "/metrics")) {
        snprintf(body, room, "# TYPE http_requests_total counter\nhttp_requests_total %ld\n", requests);
    } else if (!strncmp(path, "/item/", 6)) {
        requests++;
        long bytes = mode->leaky ? mode->leaky(path + 6, requests) : (mode->clean(requests), 0);
        leaked += bytes;
        if (mode->leaky == error && bytes) status = "500 Internal Server Error";
        snprintf(body, room, "done\n");
    } else {
        status = "404 Not Found";
        snprintf(body, room, "not found\n");
    }
    pthread_mutex_unlock(&lock);
    return status;
}

static void *serve(void *socket) {
    int connection = (int)(long)socket;
    char head[8192] = "", path[256], body[200], whole[400], *end;
    for (size_t filled = 0;;) {
        while (!(end = strstr(head, "\r\n\r\n"))) {
            ssize_t more = read(connection, head + filled, sizeof head - 1 - filled);
            if (more <= 0) goto close;
            filled += more;
            head[filled] = 0;
        }
        end[2] = 0;
        if (sscanf(head, "GET %255s HTTP/1.1", path) != 1) goto close;
        const char *status = answer(path, body, sizeof body);
        int length = snprintf(whole, sizeof whole, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
        if (write(connection, whole, length) != length || strcasestr(head, "\r\nconnection: close\r\n")) goto close;
        filled -= end + 4 - head;
        memmove(head, end + 4, filled + 1);
    }
close:
    return close(connection), NULL;
}

static void end(int signal) { _exit(0); }

int main(int count, char **arguments) {
    int wrong = count < 3;
    while (!wrong && mode->name && strcmp(mode->name, arguments[1])) mode++;
    for (int i = 3; i < count; i++)
        wrong |= !sscanf(arguments[i], "size=%ld", &size_option) && !sscanf(arguments[i], "every=%ld", &every_option) &&
                 !sscanf(arguments[i], "entries=%ld", &entries_option);
    if (wrong || !mode->name || size() > 65536) return fprintf(stderr, "server MODE PORT [size=BYTES] [every=N] [entries=N]\n"), 2;
    signal(SIGTERM, end);
    signal(SIGPIPE, SIG_IGN);
    if (getrandom(noise, sizeof noise, 0) != sizeof noise) return perror("getrandom"), 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[2]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listening, (struct sockaddr *)&address, length) || listen(listening, 128)) return perror(arguments[2]), 2;
    getsockname(listening, (struct sockaddr *)&address, &length);
    dprintf(1, "ready %d\n", ntohs(address.sin_port));
    for (;;) {
        long connection = accept(listening, NULL, NULL);
        pthread_t thread;
        if (connection >= 0 && !pthread_create(&thread, NULL, serve, (void *)connection)) pthread_detach(thread);
    }
}
