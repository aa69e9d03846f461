#include <string.h>

#include "activation.h"
#include "parallel.h"

typedef struct {
    const float *x, *added, *weight, *bias, *grad, *mean, *inverse;
    float *out, *grad_weight, *grad_bias;
    int64_t rows, channels, groups;
    bool silu;
} norm;

enum { BLOCK = 512, GRAIN = 16384 };

// With y = normalised * weight + bias and g the gradient at y (through SiLU where fused):
// gradX = inverse * (g*w - mean(g*w) - normalised * mean(g*w*normalised)), means over the group.
KERNEL static void group_norm_backward_range(void *p, int64_t begin, int64_t end) {
    norm n = *(norm *)p;
    int64_t width = n.channels / n.groups, channels = n.channels;
    float *partial = atelier_scratch(channels * 12), *second = partial + channels;
    float *mean = second + channels, *inverse = mean + channels, *first_mean = inverse + channels,
          *second_mean = first_mean + channels;
    double *sum_g = (double *)(second_mean + channels), *sum_gx = sum_g + channels;
    double size = (double)(n.rows * width);
    for (int64_t s = begin; s < end; s++) {
        const float *x = n.x + s * n.rows * channels, *grad = n.grad + s * n.rows * channels;
        float *out = n.out + s * n.rows * channels;
        for (int64_t c = 0; c < channels; c++) {
            mean[c] = n.mean[s * n.groups + c / width] - (n.added ? n.added[s * channels + c] : 0);
            inverse[c] = n.inverse[s * n.groups + c / width];
            sum_g[c] = sum_gx[c] = 0;
        }
        for (int64_t r0 = 0; r0 < n.rows; r0 += BLOCK) {
            int64_t r1 = r0 + BLOCK < n.rows ? r0 + BLOCK : n.rows;
            memset(partial, 0, 2 * (size_t)channels * sizeof(float));
            for (int64_t r = r0; r < r1; r++) {
                const float *xr = x + r * channels, *gr = grad + r * channels;
                float *o = out + r * channels;
                if (n.silu) {
                    for (int64_t c = 0; c < channels; c++) {
                        float normalised = (xr[c] - mean[c]) * inverse[c];
                        float y = normalised * n.weight[c] + n.bias[c];
                        float sigma = sigmoid(y);
                        float g = gr[c] * sigma * (1 + y * (1 - sigma));
                        o[c] = g;
                        partial[c] += g;
                        second[c] += g * normalised;
                    }
                } else {
                    for (int64_t c = 0; c < channels; c++) {
                        float normalised = (xr[c] - mean[c]) * inverse[c];
                        o[c] = gr[c];
                        partial[c] += gr[c];
                        second[c] += gr[c] * normalised;
                    }
                }
            }
            for (int64_t c = 0; c < channels; c++) {
                sum_g[c] += partial[c];
                sum_gx[c] += second[c];
            }
        }
        if (n.grad_weight)
            for (int64_t c = 0; c < channels; c++) {
                n.grad_weight[s * channels + c] = (float)sum_gx[c];
                n.grad_bias[s * channels + c] = (float)sum_g[c];
            }
        for (int64_t g = 0; g < n.groups; g++) {
            double a = 0, b = 0;
            for (int64_t c = g * width; c < (g + 1) * width; c++) {
                a += sum_g[c] * n.weight[c];
                b += sum_gx[c] * n.weight[c];
            }
            for (int64_t c = g * width; c < (g + 1) * width; c++) {
                first_mean[c] = (float)(a / size);
                second_mean[c] = (float)(b / size);
            }
        }
        for (int64_t r = 0; r < n.rows; r++) {
            const float *xr = x + r * channels;
            float *o = out + r * channels;
            for (int64_t c = 0; c < channels; c++) {
                float normalised = (xr[c] - mean[c]) * inverse[c];
                o[c] = inverse[c] * (o[c] * n.weight[c] - first_mean[c] - normalised * second_mean[c]);
            }
        }
    }
}

void atelier_group_norm_backward(
    const float *x, const float *added, const float *weight, const float *bias, const float *mean, const float *inverse,
    const float *grad, float *gradX, float *gradWeight, float *gradBias, int64_t samples, int64_t rows, int64_t channels,
    int64_t groups, bool silu) {
    norm n = {.x = x, .added = added, .weight = weight, .bias = bias, .grad = grad, .mean = mean, .inverse = inverse, .out = gradX,
              .grad_weight = gradWeight, .grad_bias = gradBias, .rows = rows, .channels = channels, .groups = groups,
              .silu = silu};
    atelier_parallel(samples, 1 + GRAIN / (rows * channels + 1), group_norm_backward_range, &n);
}

KERNEL static void layer_norm_backward_range(void *p, int64_t begin, int64_t end) {
    norm n = *(norm *)p;
    for (int64_t r = begin; r < end; r++) {
        const float *x = n.x + r * n.channels, *grad = n.grad + r * n.channels;
        float *out = n.out + r * n.channels;
        float mean = n.mean[r], inverse = n.inverse[r], sum = 0, product = 0;
        for (int64_t c = 0; c < n.channels; c++) {
            float g = grad[c] * n.weight[c];
            sum += g;
            product += g * (x[c] - mean) * inverse;
        }
        sum /= (float)n.channels;
        product /= (float)n.channels;
        for (int64_t c = 0; c < n.channels; c++)
            out[c] = inverse * (grad[c] * n.weight[c] - sum - (x[c] - mean) * inverse * product);
    }
}

void atelier_layer_norm_backward(
    const float *x, const float *weight, const float *mean, const float *inverse, const float *grad, float *gradX,
    int64_t rows, int64_t channels) {
    norm n = {.x = x, .weight = weight, .mean = mean, .inverse = inverse, .grad = grad, .out = gradX,
              .channels = channels};
    atelier_parallel(rows, 1 + GRAIN / (channels + 1), layer_norm_backward_range, &n);
}

KERNEL static void layer_norm_parameters_range(void *p, int64_t begin, int64_t end) {
    norm n = *(norm *)p;
    for (int64_t c = begin; c < end; c++) n.grad_weight[c] = n.grad_bias[c] = 0;
    for (int64_t r = 0; r < n.rows; r++) {
        const float *x = n.x + r * n.channels, *grad = n.grad + r * n.channels;
        float mean = n.mean[r], inverse = n.inverse[r];
        for (int64_t c = begin; c < end; c++) {
            n.grad_weight[c] += grad[c] * (x[c] - mean) * inverse;
            n.grad_bias[c] += grad[c];
        }
    }
}

void atelier_layer_norm_backward_parameters(
    const float *x, const float *mean, const float *inverse, const float *grad, float *gradWeight, float *gradBias,
    int64_t rows, int64_t channels) {
    norm n = {.x = x, .mean = mean, .inverse = inverse, .grad = grad, .grad_weight = gradWeight, .grad_bias = gradBias,
              .rows = rows, .channels = channels};
    atelier_parallel(channels, rows * channels < 4 * GRAIN ? channels : 32, layer_norm_parameters_range, &n);
}
