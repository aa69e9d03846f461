#include <string.h>

#include "elements.h"
#include "parallel.h"

enum { GRAIN = 16384 };

typedef struct {
    const float *x, *y;
    float *out, *second;
    double *sums;
    int64_t samples, rows, channels, a, b;
} layout;

// Copies know no numbers: extents and pointers are in bytes.
typedef struct {
    const char *x, *y;
    char *out;
    size_t a, b, width;
} copies;

static int64_t rows_of(int64_t width) { return 1 + GRAIN / (width + 1); }

static void concatenate_range(void *p, int64_t begin, int64_t end) {
    copies c = *(copies *)p;
    for (int64_t r = begin; r < end; r++) {
        char *out = c.out + (size_t)r * (c.a + c.b);
        memcpy(out, c.x + (size_t)r * c.a, c.a);
        memcpy(out + c.a, c.y + (size_t)r * c.b, c.b);
    }
}

void atelier_concatenate(
    int32_t type, const void *a, const void *b, void *out, int64_t rows, int64_t channelsA, int64_t channelsB) {
    size_t size = atelier_size(type);
    copies c = {.x = a, .y = b, .out = out, .a = (size_t)channelsA * size, .b = (size_t)channelsB * size};
    atelier_parallel(rows, rows_of(channelsA + channelsB), concatenate_range, &c);
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
    copies c = *(copies *)p;  // a = bytes of a pixel
    for (int64_t r = begin; r < end; r++) {  // one row of pixels of one sample
        size_t row = 2 * c.width * c.a;
        const char *pixel = c.x + (size_t)r * c.width * c.a;
        char *first = c.out + (size_t)r * 2 * row;
        for (size_t x = 0; x < c.width; x++, pixel += c.a) {
            memcpy(first + 2 * x * c.a, pixel, c.a);
            memcpy(first + (2 * x + 1) * c.a, pixel, c.a);
        }
        memcpy(first + row, first, row);
    }
}

void atelier_upsample(
    int32_t type, const void *x, void *out, int64_t samples, int64_t height, int64_t width, int64_t channels) {
    copies c = {.x = x, .out = out, .a = (size_t)channels * atelier_size(type), .width = (size_t)width};
    atelier_parallel(samples * height, rows_of(4 * width * channels), upsample_range, &c);
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
