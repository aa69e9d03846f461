#include <string.h>

#include "parallel.h"

enum { GRAIN = 16384 };

typedef struct {
    const float *x, *y;
    float *out, *second;
    double *sums;
    int64_t samples, rows, channels, a, b;
} layout;

static int64_t rows_of(int64_t width) { return 1 + GRAIN / (width + 1); }

static void concatenate_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    for (int64_t r = begin; r < end; r++) {
        memcpy(l.out + r * (l.a + l.b), l.x + r * l.a, (size_t)l.a * sizeof(float));
        memcpy(l.out + r * (l.a + l.b) + l.a, l.y + r * l.b, (size_t)l.b * sizeof(float));
    }
}

void atelier_concatenate(
    const float *a, const float *b, float *out, int64_t rows, int64_t channelsA, int64_t channelsB) {
    layout l = {.x = a, .y = b, .out = out, .a = channelsA, .b = channelsB};
    atelier_parallel(rows, rows_of(channelsA + channelsB), concatenate_range, &l);
}

static void split_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    for (int64_t r = begin; r < end; r++) {
        if (l.out) memcpy(l.out + r * l.a, l.x + r * (l.a + l.b), (size_t)l.a * sizeof(float));
        if (l.second) memcpy(l.second + r * l.b, l.x + r * (l.a + l.b) + l.a, (size_t)l.b * sizeof(float));
    }
}

void atelier_split(const float *x, float *a, float *b, int64_t rows, int64_t channelsA, int64_t channelsB) {
    layout l = {.x = x, .out = a, .second = b, .a = channelsA, .b = channelsB};
    atelier_parallel(rows, rows_of(channelsA + channelsB), split_range, &l);
}

static void upsample_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;  // a = width, rows = height
    size_t bytes = (size_t)l.channels * sizeof(float);
    for (int64_t r = begin; r < end; r++) {  // one row of pixels of one sample
        float *first = l.out + r * 2 * (2 * l.a) * l.channels;
        for (int64_t x = 0; x < l.a; x++) {
            const float *pixel = l.x + (r * l.a + x) * l.channels;
            memcpy(first + 2 * x * l.channels, pixel, bytes);
            memcpy(first + (2 * x + 1) * l.channels, pixel, bytes);
        }
        memcpy(first + 2 * l.a * l.channels, first, 2 * (size_t)l.a * bytes);
    }
}

void atelier_upsample(const float *x, float *out, int64_t samples, int64_t height, int64_t width, int64_t channels) {
    layout l = {.x = x, .out = out, .a = width, .channels = channels};
    atelier_parallel(samples * height, rows_of(4 * width * channels), upsample_range, &l);
}

KERNEL static void upsample_backward_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    for (int64_t r = begin; r < end; r++) {
        const float *above = l.x + r * 2 * (2 * l.a) * l.channels, *below = above + 2 * l.a * l.channels;
        for (int64_t x = 0; x < l.a; x++) {
            const float *p0 = above + 2 * x * l.channels, *p1 = p0 + l.channels;
            const float *p2 = below + 2 * x * l.channels, *p3 = p2 + l.channels;
            float *out = l.out + (r * l.a + x) * l.channels;
            for (int64_t c = 0; c < l.channels; c++) out[c] = (p0[c] + p1[c]) + (p2[c] + p3[c]);
        }
    }
}

void atelier_upsample_backward(
    const float *grad, float *out, int64_t samples, int64_t height, int64_t width, int64_t channels) {
    layout l = {.x = grad, .out = out, .a = width, .channels = channels};
    atelier_parallel(samples * height, rows_of(4 * width * channels), upsample_backward_range, &l);
}

static void transpose_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    for (int64_t s = begin; s < end; s++) {
        const float *x = l.x + s * l.a * l.b;
        float *out = l.out + s * l.a * l.b;
        for (int64_t i0 = 0; i0 < l.a; i0 += 16)
            for (int64_t j0 = 0; j0 < l.b; j0 += 16)
                for (int64_t i = i0; i < l.a && i < i0 + 16; i++)
                    for (int64_t j = j0; j < l.b && j < j0 + 16; j++) out[j * l.a + i] = x[i * l.b + j];
    }
}

void atelier_transpose(const float *x, float *out, int64_t samples, int64_t a, int64_t b) {
    layout l = {.x = x, .out = out, .a = a, .b = b};
    atelier_parallel(samples, rows_of(a * b), transpose_range, &l);
}

static void fill_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    for (int64_t r = begin; r < end; r++) memcpy(l.out + r * l.channels, l.x, (size_t)l.channels * sizeof(float));
}

void atelier_fill_rows(const float *bias, float *out, int64_t rows, int64_t channels) {
    layout l = {.x = bias, .out = out, .channels = channels};
    atelier_parallel(rows, rows_of(channels), fill_range, &l);
}

// The sums run over rows in a fixed order inside a range of channels, so the result does not depend on the threads.
KERNEL static void sum_rows_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    for (int64_t c = begin; c < end; c++) l.out[c] = 0;
    for (int64_t r = 0; r < l.rows; r++) {
        const float *x = l.x + r * l.channels;
        for (int64_t c = begin; c < end; c++) l.out[c] += x[c];
    }
}

void atelier_sum_rows(const float *x, float *out, int64_t rows, int64_t channels) {
    layout l = {.x = x, .out = out, .rows = rows, .channels = channels};
    atelier_parallel(channels, rows * channels < 4 * GRAIN ? channels : 32, sum_rows_range, &l);
}

KERNEL static void add_per_sample_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    for (int64_t r = begin; r < end; r++) {
        const float *x = l.x + r * l.channels, *y = l.y + r / l.rows * l.channels;
        float *out = l.out + r * l.channels;
        for (int64_t c = 0; c < l.channels; c++) out[c] = x[c] + y[c];
    }
}

void atelier_add_per_sample(
    const float *x, const float *y, float *out, int64_t samples, int64_t rows, int64_t channels) {
    layout l = {.x = x, .y = y, .out = out, .rows = rows, .channels = channels};
    atelier_parallel(samples * rows, rows_of(channels), add_per_sample_range, &l);
}

KERNEL static void sum_per_sample_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    for (int64_t s = begin; s < end; s++) {
        float *out = l.out + s * l.channels;
        for (int64_t c = 0; c < l.channels; c++) out[c] = 0;
        for (int64_t r = 0; r < l.rows; r++) {
            const float *x = l.x + (s * l.rows + r) * l.channels;
            for (int64_t c = 0; c < l.channels; c++) out[c] += x[c];
        }
    }
}

void atelier_sum_per_sample(const float *x, float *out, int64_t samples, int64_t rows, int64_t channels) {
    layout l = {.x = x, .out = out, .rows = rows, .channels = channels};
    atelier_parallel(samples, rows_of(rows * channels), sum_per_sample_range, &l);
}

KERNEL double atelier_sum_of_squares(const float *x, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)x[i] * x[i];
    return sum;
}

KERNEL static void mean_square_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    for (int64_t s = begin; s < end; s++) {
        const float *a = l.x + s * l.channels, *b = l.y + s * l.channels;
        double sum = 0;
        for (int64_t i = 0; i < l.channels; i++) {
            double difference = (double)a[i] - b[i];
            sum += difference * difference;
        }
        l.sums[s] = sum / (double)l.channels;
    }
}

void atelier_mean_square_per_sample(const float *a, const float *b, double *out, int64_t samples, int64_t count) {
    layout l = {.x = a, .y = b, .sums = out, .channels = count};
    atelier_parallel(samples, rows_of(count), mean_square_range, &l);
}

KERNEL static void round_bf16_range(void *p, int64_t begin, int64_t end) {
    layout l = *(layout *)p;
    const uint32_t *bits = (const uint32_t *)l.x;
    uint16_t *out = (uint16_t *)l.out;
    for (int64_t i = begin; i < end; i++) out[i] = (uint16_t)((bits[i] + 0x7fff + ((bits[i] >> 16) & 1)) >> 16);
}

void atelier_round_bf16(const float *a, uint16_t *out, int64_t count) {
    layout l = {.x = a, .out = (float *)out};
    atelier_parallel(count, GRAIN, round_bf16_range, &l);
}
