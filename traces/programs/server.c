// Memory behaviours of a C server. Usage: server_c MODE [name=value ...]
// Reads requests ("key size") from standard input, reports "requests leaked_bytes -".
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int count_args;
static char **args;
static volatile long leaked;
static double began;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static double param(const char *name, double otherwise) {
    size_t n = strlen(name);
    for (int i = 2; i < count_args; i++)
        if (!strncmp(args[i], name, n) && args[i][n] == '=')
            return atof(args[i] + n + 1);
    return otherwise;
}

static double chance(void) { return rand() / (RAND_MAX + 1.0); }

static void *object(size_t size) {
    char *p = malloc(size);
    memset(p, 'x', size);
    return p;
}

// churn: a live set of `live` objects of random age; `leak` % of the replaced ones stay, from second `onset` on
static void churn(long key, size_t size) {
    static void **slots;
    static long filled;
    long live = param("live", 1000);
    if (!slots) slots = calloc(live, sizeof *slots);
    for (int i = 0; i < 40 && filled < live; i++) slots[filled++] = object(size / 2 + rand() % size);
    void **slot = &slots[rand() % live];
    if (chance() * 100 < param("leak", 0) && now() - began >= param("onset", 0))
        leaked += size + 16;
    else
        free(*slot);
    *slot = object(size);
    (void)key;
}

// threads: `leak` % of the requests start a thread that waits for ever with its buffer
static void *wait_for_ever(void *buffer) {
    char frame[6000];
    memset(frame, 1, sizeof frame);
    for (;;) pause();
    return buffer + frame[1];
}

static void threads(long key, size_t size) {
    churn(key, size);
    if (chance() * 100 >= param("leak", 0)) return;
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    if (!pthread_create(&thread, &attributes, wait_for_ever, object(size)))
        leaked += size + 12 * 1024;
}

// arenas: `threads` workers start one by one each `every` s, each with its own arena and bounded session table
struct request { long key; size_t size; };

static void *worker(void *end) {
    long live = param("live", 500), at = 0;
    void **slots = calloc(live, sizeof *slots);
    struct request r;
    while (read((long)end, &r, sizeof r) == sizeof r)
        for (int i = 0; i < 4; i++) {
            void **slot = &slots[at++ < live ? at - 1 : rand() % live];
            free(*slot);
            *slot = object(r.size / 2 + rand() % r.size);
        }
    return NULL;
}

static void arenas(long key, size_t size) {
    static int pipes[64], started;
    if (started < param("threads", 12) && now() - began >= started * param("every", 10)) {
        int ends[2];
        pthread_t thread;
        if (pipe(ends)) exit(1);
        pipes[started++] = ends[1];
        pthread_create(&thread, NULL, worker, (void *)(long)ends[0]);
    }
    struct request r = {key, size};
    if (write(pipes[key % started], &r, sizeof r) < 0) exit(1);
}

// fragments: the object size moves up through `phases` of `length` s and then round again; one object in
// thirty is pinned for a whole round, so that freed neighbours cannot be used for larger ones
static void fragments(long key, size_t size) {
    enum { SLOTS = 6000, PINNED = 30000 };
    static void *slots[SLOTS], *pinned[PINNED];
    static long pin;
    int phase = (int)((now() - began) / param("length", 40)) % (int)param("phases", 7);
    for (int i = 0; i < 12; i++) {
        size_t bytes = (200 << phase) / 2 + rand() % (200 << phase);
        void **slot = &slots[rand() % (SLOTS >> (phase / 2))];
        if (rand() % 30 == 0) {
            long ring = param("pinned", 8000);
            free(pinned[pin % ring]);
            pinned[pin++ % ring] = object(160 + rand() % 200);
        }
        free(*slot);
        *slot = object(bytes);
    }
    (void)key, (void)size;
}

// bursts: each `every` s a job builds a list of small nodes, works 2 s and frees it; jobs grow from `from`
// to `to` MB by the second `until`; small objects that outlive a job keep the heap's top from being returned
static void bursts(long key, size_t size) {
    static void **nodes;
    static long count;
    static double next, finish;
    double t = now() - began;
    churn(key, size);
    if (t >= next && !nodes) {
        double share = t / param("until", 200);
        if (share > 1) share = 1;
        double mb = param("from", 5) + (param("to", 60) - param("from", 5)) * share;
        count = mb * (0.75 + 0.25 * chance()) * 1e6 / 1000;
        nodes = malloc(count * sizeof *nodes);
        for (long i = 0; i < count; i++) nodes[i] = object(400 + rand() % 1200);
        finish = t + 2;
        next = t + param("every", 15) * (0.5 + chance());
    }
    if (nodes && t >= finish) {
        for (long i = 0; i < count; i++) free(nodes[i]);
        free(nodes);
        nodes = NULL;
    }
}

// queue: a consumer that takes `consume` bytes a second; beyond `max` bytes requests are refused
static void queue(long key, size_t size) {
    struct entry { struct entry *next; size_t size; };
    static struct entry *head, *tail;
    static double queued, allowance, last;
    double t = now() - began;
    allowance += (t - last) * param("consume", 1e5);
    last = t;
    while (head && allowance >= head->size) {
        struct entry *done = head;
        head = head->next;
        if (!head) tail = NULL;
        allowance -= done->size;
        queued -= done->size;
        free(done);
    }
    if (!head) allowance = 0;
    if (queued + size < param("max", 1e15)) {
        struct entry *e = object(sizeof *e + size);
        e->size = size;
        e->next = NULL;
        if (tail) tail->next = e; else head = e;
        tail = e;
        queued += size;
    }
    if (param("max", 1e15) >= 1e15) leaked = queued;
    (void)key;
}

// segments: `leak` % of the requests map a shared segment that nobody unmaps
static void segments(long key, size_t size) {
    churn(key, size);
    if (chance() * 100 >= param("leak", 0)) return;
    size_t bytes = (size + 4095) & ~4095UL;
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) exit(1);
    memset(p, 1, bytes);
    leaked += bytes;
}

int main(int argc, char **argv) {
    struct { const char *name; void (*handle)(long, size_t); } modes[] = {
        {"churn", churn}, {"threads", threads}, {"arenas", arenas}, {"fragments", fragments},
        {"bursts", bursts}, {"queue", queue}, {"segments", segments}, {NULL, NULL}};
    count_args = argc;
    args = argv;
    began = now();
    srand(param("seed", 1));
    for (int i = 0; argc > 1 && modes[i].name; i++) {
        if (strcmp(modes[i].name, argv[1])) continue;
        char line[128];
        long requests = 0;
        double reported = 0;
        while (fgets(line, sizeof line, stdin)) {
            long key = 0, size = 1;
            sscanf(line, "%ld %ld", &key, &size);
            modes[i].handle(key, size);
            requests++;
            if (now() - reported >= 0.4) {
                reported = now();
                printf("%ld %ld -\n", requests, leaked);
                fflush(stdout);
            }
        }
        return 0;
    }
    fprintf(stderr, "unknown mode\n");
    return 2;
}
