#include <string.h>

#include "activation.h"
#include "elements.h"
#include "parallel.h"

enum { GRAIN = 16384, ROW_BLOCK = 256, SLICE = 64, LANES = 16 };

typedef struct {
    const void *x, *y;
    void *out;
    const float *weight, *bias, *added, *down, *up;
    float *mean, *inverse;
    int64_t rows, channels, outputs, groups, slices, rank;
    float epsilon, scale;
    bool silu;
} forward;

#define TYPE float
#define READ(X) (X)
#define WRITE(X) (X)
#define NAME(X) X##_f32
#include "forward.h"
#undef TYPE
#undef READ
#undef WRITE
#undef NAME

#define TYPE bf16
#define READ(X) widened(X)
#define WRITE(X) narrowed(X)
#define NAME(X) X##_bf16
#include "forward.h"

#define BODY(X) (type == ATELIER_BF16 ? X##_bf16 : X##_f32)

void atelier_add(int32_t type, const void *a, const void *b, void *out, int64_t count) {
    forward f = {.x = a, .y = b, .out = out};
    atelier_parallel(count, GRAIN, BODY(add_range), &f);
}

void atelier_add_per_sample(
    int32_t type, const void *x, const void *y, void *out, int64_t samples, int64_t rows, int64_t channels) {
    forward f = {.x = x, .y = y, .out = out, .rows = rows, .channels = channels};
    atelier_parallel(samples * rows, 1 + GRAIN / (channels + 1), BODY(add_per_sample_range), &f);
}

void atelier_activation(int32_t type, int32_t kind, const void *x, void *out, int64_t count) {
    forward f = {.x = x, .out = out};
    atelier_parallel(count, GRAIN / 4, BODY(activations)[kind], &f);
}

void atelier_geglu(int32_t type, const void *x, void *out, int64_t rows, int64_t channels) {
    forward f = {.x = x, .out = out, .channels = channels};
    atelier_parallel(rows, 1 + GRAIN / (4 * channels), BODY(geglu_range), &f);
}

void atelier_layer_norm(
    int32_t type, const void *x, const float *weight, const float *bias, void *out, float *mean, float *inverse,
    int64_t rows, int64_t channels, float epsilon) {
    forward f = {.x = x, .out = out, .weight = weight, .bias = bias, .mean = mean, .inverse = inverse,
                 .channels = channels, .epsilon = epsilon};
    atelier_parallel(rows, 1 + GRAIN / (channels + 1), BODY(layer_norm_range), &f);
}

void atelier_group_norm(
    int32_t type, const void *x, const float *added, const float *weight, const float *bias, void *out, float *mean,
    float *inverse, int64_t samples, int64_t rows, int64_t channels, int64_t groups, float epsilon, bool silu) {
    // A few samples are divided by groups of channels, so that all threads have work; a group is never divided.
    int64_t slices = samples >= atelier_threads() ? 1 : channels / SLICE;
    slices = slices < 1 ? 1 : slices > groups ? groups : slices;
    forward f = {.x = x, .out = out, .weight = weight, .bias = bias, .added = added, .mean = mean, .inverse = inverse,
                 .rows = rows, .channels = channels, .groups = groups, .slices = slices, .epsilon = epsilon,
                 .silu = silu};
    atelier_parallel(samples * slices, 1 + GRAIN / (rows * channels / slices + 1), BODY(group_norm_range), &f);
}

void atelier_low_rank(
    int32_t type, const void *x, const float *down, const float *up, float scale, void *out, int64_t rows,
    int64_t inputs, int64_t outputs, int64_t rank) {
    forward f = {.x = x, .out = out, .down = down, .up = up, .scale = scale, .channels = inputs, .outputs = outputs,
                 .rank = rank};
    atelier_parallel(rows, 1 + GRAIN / (rank * (inputs + outputs)), BODY(low_rank_range), &f);
}

KERNEL static void narrow_range(void *p, int64_t begin, int64_t end) {
    const forward *f = p;
    const float *x = f->x;
    bf16 *out = f->out;
    for (int64_t i = begin; i < end; i++) out[i] = narrowed(x[i]);
}

KERNEL static void widen_range(void *p, int64_t begin, int64_t end) {
    const forward *f = p;
    const bf16 *x = f->x;
    float *out = f->out;
    for (int64_t i = begin; i < end; i++) out[i] = widened(x[i]);
}

void atelier_narrow(const float *x, uint16_t *out, int64_t count) {
    forward f = {.x = x, .out = out};
    atelier_parallel(count, GRAIN, narrow_range, &f);
}

void atelier_widen(const uint16_t *x, float *out, int64_t count) {
    forward f = {.x = x, .out = out};
    atelier_parallel(count, GRAIN, widen_range, &f);
}
