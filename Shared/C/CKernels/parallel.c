#include "parallel.h"

#include <stdlib.h>

// libgomp's entry points. clang would emit calls of LLVM's own OpenMP runtime, a second thread pool beside oneDNN's.
void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
int omp_in_parallel(void);
void omp_set_num_threads(int threads);

typedef struct {
    int64_t count;
    atelier_body body;
    void *arguments;
} work;

static void run_share(void *data) {
    const work *w = data;
    int64_t threads = omp_get_num_threads(), me = omp_get_thread_num();
    int64_t begin = w->count * me / threads, end = w->count * (me + 1) / threads;
    if (begin < end) w->body(w->arguments, begin, end);
}

void atelier_set_threads(int32_t threads) { omp_set_num_threads(threads); }

int32_t atelier_threads(void) { return omp_get_max_threads(); }

void atelier_parallel(int64_t count, int64_t grain, atelier_body body, void *arguments) {
    if (count <= 0) return;
    int64_t threads = omp_in_parallel() ? 1 : omp_get_max_threads();
    if (grain > 0 && threads > count / grain) threads = count / grain;
    if (threads <= 1) {
        body(arguments, 0, count);
        return;
    }
    work w = {count, body, arguments};
    GOMP_parallel(run_share, &w, (unsigned)threads, 0);
}

float *atelier_scratch(int64_t count) {
    static _Thread_local float *buffer;
    static _Thread_local int64_t capacity;
    if (capacity < count) {
        free(buffer);
        capacity = (count + 1023) / 1024 * 1024;
        buffer = aligned_alloc(64, (size_t)capacity * sizeof(float));
        if (!buffer) abort();
    }
    return buffer;
}
