#include "parallel.h"

// Convolutions of each channel by itself: one multiplication for each number read, so memory and not arithmetic is what
// counts, and the channels, which are innermost, are the vector.
typedef struct {
    const float *x, *weight, *bias;
    float *out;
    int64_t height, width, channels, kernel, stride, before, outHeight, outWidth;
} depthwise;

KERNEL static void depthwise_range(void *p, int64_t begin, int64_t end) {
    depthwise d = *(depthwise *)p;
    for (int64_t row = begin; row < end; row++) {
        const float *x = d.x + row / d.outHeight * d.height * d.width * d.channels;
        int64_t top = row % d.outHeight * d.stride - d.before;
        for (int64_t column = 0; column < d.outWidth; column++) {
            float *out = d.out + (row * d.outWidth + column) * d.channels;
            int64_t left = column * d.stride - d.before;
            for (int64_t c = 0; c < d.channels; c++) out[c] = d.bias ? d.bias[c] : 0;
            for (int64_t i = 0; i < d.kernel; i++) {
                if (top + i < 0 || top + i >= d.height) continue;
                for (int64_t j = 0; j < d.kernel; j++) {
                    if (left + j < 0 || left + j >= d.width) continue;
                    const float *pixel = x + ((top + i) * d.width + left + j) * d.channels;
                    const float *weight = d.weight + (i * d.kernel + j) * d.channels;
                    for (int64_t c = 0; c < d.channels; c++) out[c] += weight[c] * pixel[c];
                }
            }
        }
    }
}

void atelier_depthwise(
    const float *x, const float *weight, const float *bias, float *out, int64_t samples, int64_t height, int64_t width,
    int64_t channels, int64_t kernel, int64_t stride, int64_t before, int64_t outHeight, int64_t outWidth) {
    depthwise d = {x, weight, bias, out, height, width, channels, kernel, stride, before, outHeight, outWidth};
    atelier_parallel(samples * outHeight, 1, depthwise_range, &d);
}

// Here x is the gradient at the output, and out that at the input.
KERNEL static void depthwise_backward_range(void *p, int64_t begin, int64_t end) {
    depthwise d = *(depthwise *)p;
    for (int64_t row = begin; row < end; row++) {
        const float *grad = d.x + row / d.height * d.outHeight * d.outWidth * d.channels;
        int64_t y = row % d.height + d.before;
        for (int64_t column = 0; column < d.width; column++) {
            float *out = d.out + (row * d.width + column) * d.channels;
            int64_t x = column + d.before;
            for (int64_t c = 0; c < d.channels; c++) out[c] = 0;
            for (int64_t i = 0; i < d.kernel; i++) {
                if (y - i < 0 || (y - i) % d.stride || (y - i) / d.stride >= d.outHeight) continue;
                for (int64_t j = 0; j < d.kernel; j++) {
                    if (x - j < 0 || (x - j) % d.stride || (x - j) / d.stride >= d.outWidth) continue;
                    const float *pixel = grad + ((y - i) / d.stride * d.outWidth + (x - j) / d.stride) * d.channels;
                    const float *weight = d.weight + (i * d.kernel + j) * d.channels;
                    for (int64_t c = 0; c < d.channels; c++) out[c] += weight[c] * pixel[c];
                }
            }
        }
    }
}

void atelier_depthwise_backward(
    const float *grad, const float *weight, float *gradX, int64_t samples, int64_t height, int64_t width,
    int64_t channels, int64_t kernel, int64_t stride, int64_t before, int64_t outHeight, int64_t outWidth) {
    depthwise d = {grad, weight, 0, gradX, height, width, channels, kernel, stride, before, outHeight, outWidth};
    atelier_parallel(samples * height, 1, depthwise_backward_range, &d);
}

typedef struct {
    const float *x, *y;
    float *out;
    int64_t rows, channels;
} gates;

KERNEL static void multiply_per_sample_range(void *p, int64_t begin, int64_t end) {
    gates g = *(gates *)p;
    for (int64_t r = begin; r < end; r++) {
        const float *x = g.x + r * g.channels, *y = g.y + r / g.rows * g.channels;
        float *out = g.out + r * g.channels;
        for (int64_t c = 0; c < g.channels; c++) out[c] = x[c] * y[c];
    }
}

void atelier_multiply_per_sample(
    const float *x, const float *y, float *out, int64_t samples, int64_t rows, int64_t channels) {
    gates g = {x, y, out, rows, channels};
    atelier_parallel(samples * rows, 1 + 16384 / (channels + 1), multiply_per_sample_range, &g);
}
