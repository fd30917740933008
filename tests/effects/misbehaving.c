/* LADSPA plugins that do, each, one thing that plugins do to their hosts. The test suite compiles
   this; the structure is that of ladspa.h 1.1. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    int hints;
    float lower, upper;
} Hint;

typedef struct Descriptor {
    unsigned long id;
    const char *label;
    int properties;
    const char *name, *maker, *copyright;
    unsigned long port_count;
    const int *ports;
    const char *const *port_names;
    const Hint *port_hints;
    void *implementation;
    void *(*instantiate)(const struct Descriptor *, unsigned long);
    void (*connect_port)(void *, unsigned long, float *);
    void (*activate)(void *);
    void (*run)(void *, unsigned long);
    void (*run_adding)(void *, unsigned long);
    void (*set_run_adding_gain)(void *, float);
    void (*deactivate)(void *);
    void (*cleanup)(void *);
} Descriptor;

enum { IN = 1 | 8, OUT = 2 | 8, KNOB = 1 | 4, METER = 2 | 4 };
enum { LATE = 100 };

typedef struct {
    float *port[8];
    float line[LATE];
    unsigned long rate, at;
} Plugin;

static int runs; /* state of the library, not of the instance */

__attribute__((constructor)) static void load(void) {
    const char *way = getenv("WETPRINT_TEST_LOADING");
    if (way && !strcmp(way, "crash")) abort();
    while (way && !strcmp(way, "hang")) sleep(1);
}
static void *start(const Descriptor *d, unsigned long rate) {
    Plugin *p = calloc(1, sizeof *p);
    p->rate = rate;
    return p;
}
static void *start_refusing(const Descriptor *d, unsigned long rate) { return NULL; }
static void *start_slowly(const Descriptor *d, unsigned long rate) {
    for (;;) sleep(1);
    return NULL;
}
static void connect(void *h, unsigned long port, float *data) { ((Plugin *)h)->port[port] = data; }

/* in, out, gain (dB), invert, steps */
static void run_well(void *h, unsigned long n) {
    Plugin *p = h;
    float gain = powf(10, *p->port[2] / 20) * (*p->port[3] > 0 ? -1 : 1) * *p->port[4];
    for (unsigned long i = 0; i < n; i++) p->port[1][i] = gain * p->port[0][i];
}
static void run_late(void *h, unsigned long n) {
    Plugin *p = h;
    for (unsigned long i = 0; i < n; i++) {
        float now = p->port[0][i];
        p->port[1][i] = p->line[p->at];
        p->line[p->at] = now;
        p->at = (p->at + 1) % LATE;
    }
}
static void run_late_and_say_so(void *h, unsigned long n) {
    run_late(h, n);
    *((Plugin *)h)->port[2] = LATE;
}
static void run_crashing(void *h, unsigned long n) {
    fprintf(stderr, "about to fall over\n");
    *(volatile int *)8 = 1;
}
static void run_hanging(void *h, unsigned long n) {
    if (fork() == 0)
        for (;;) sleep(1);
    for (;;) sleep(1);
}
static void run_nan(void *h, unsigned long n) {
    Plugin *p = h;
    for (unsigned long i = 0; i < n; i++) p->port[1][i] = p->port[0][i] != 0 ? NAN : 0;
}
static void run_silent(void *h, unsigned long n) {
    Plugin *p = h;
    memset(p->port[1], 0, n * sizeof(float));
}
static void run_swapping(void *h, unsigned long n) {
    Plugin *p = h;
    for (unsigned long i = 0; i < n; i++) {
        float left = p->port[0][i], right = p->port[1][i];
        p->port[2][i] = right;
        p->port[3][i] = left;
    }
}
static void run_widening(void *h, unsigned long n) {
    Plugin *p = h;
    for (unsigned long i = 0; i < n; i++) {
        p->port[1][i] = p->port[0][i];
        p->port[2][i] = -p->port[0][i];
    }
}
static void run_ducking(void *h, unsigned long n) { /* in, side chain, out */
    Plugin *p = h;
    for (unsigned long i = 0; i < n; i++)
        p->port[2][i] = p->port[1][i] != 0 ? 0 : p->port[0][i];
}
static void run_counting(void *h, unsigned long n) {
    Plugin *p = h;
    runs++;
    for (unsigned long i = 0; i < n; i++) p->port[1][i] = runs;
}
static void run_talking(void *h, unsigned long n) {
    Plugin *p = h;
    for (int i = 0; i < 50; i++) {
        printf("{\"done\": {\"channels\": 7}}\n");
        fprintf(stderr, "chatter chatter chatter\n");
    }
    fflush(stdout);
    memcpy(p->port[1], p->port[0], n * sizeof(float));
}

static const int mono[] = {IN, OUT, KNOB, KNOB, KNOB}, late[] = {IN, OUT, METER},
                 stereo[] = {IN, IN, OUT, OUT}, wide[] = {IN, OUT, OUT}, chain[] = {IN, IN, OUT},
                 source[] = {OUT};
static const char *const mono_names[] = {"In", "Out", "Gain (dB)", "Invert", "Steps"};
static const char *const late_names[] = {"In", "Out", "latency"};
static const char *const stereo_names[] = {"In L", "In R", "Out L", "Out R"};
static const char *const wide_names[] = {"In", "Out L", "Out R"};
static const char *const chain_names[] = {"Audio Input 1", "Sidechain Input", "Audio Output 1"};
static const char *const source_names[] = {"Out"};
/* gain: bounded, default 0; invert: toggled, default 0; steps: whole, default 1 */
static const Hint hints[] = {{0}, {0}, {1 | 2 | 0x200, -60, 20}, {4 | 0x200}, {1 | 2 | 32 | 0x240, 1, 4}};
static const Hint none[8];

#define PLUGIN(number, label, title, count, kinds, names, limits, begin, play)                    \
    {number, label, 0, title, "wetprint", "None", count, kinds, names, limits, NULL, begin,       \
     connect, NULL, play, NULL, NULL, NULL, free}

static const Descriptor plugins[] = {
    PLUGIN(1, "good", "Good", 5, mono, mono_names, hints, start, run_well),
    PLUGIN(2, "late", "Late", 2, late, late_names, none, start, run_late),
    PLUGIN(3, "reporting", "Reporting", 3, late, late_names, none, start, run_late_and_say_so),
    PLUGIN(4, "crashing", "Crashing", 2, mono, mono_names, none, start, run_crashing),
    PLUGIN(5, "hanging", "Hanging", 2, mono, mono_names, none, start, run_hanging),
    PLUGIN(6, "nan", "NaN", 2, mono, mono_names, none, start, run_nan),
    PLUGIN(7, "silent", "Silent", 2, mono, mono_names, none, start, run_silent),
    PLUGIN(8, "swapping", "Swapping", 4, stereo, stereo_names, none, start, run_swapping),
    PLUGIN(9, "widening", "Widening", 3, wide, wide_names, none, start, run_widening),
    PLUGIN(10, "ducking", "Ducking", 3, chain, chain_names, none, start, run_ducking),
    PLUGIN(11, "counting", "Counting", 2, mono, mono_names, none, start, run_counting),
    PLUGIN(12, "talking", "Talking", 2, mono, mono_names, none, start, run_talking),
    PLUGIN(13, "refusing", "Refusing", 2, mono, mono_names, none, start_refusing, run_well),
    PLUGIN(14, "slow", "Slow to start", 2, mono, mono_names, none, start_slowly, run_well),
    PLUGIN(15, "source", "Source", 1, source, source_names, none, start, run_silent),
};

const Descriptor *ladspa_descriptor(unsigned long index) {
    return index < sizeof plugins / sizeof *plugins ? plugins + index : NULL;
}
