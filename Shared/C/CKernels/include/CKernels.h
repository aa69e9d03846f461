#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Element-wise, reduction and attention kernels in row-major (NHWC) layout.
//
// Those of the forward pass take the element type of the activations; parameters, statistics and arithmetic are f32 in
// any case. Pointers without a type are f32 or bf16, as `type` says.
//
// Each kernel divides its rows over the threads of the OpenMP runtime that oneDNN uses too, so that one setting governs all.
// `rows` are pixels or tokens, `channels` the innermost dimension.

void atelier_set_threads(int32_t threads);
int32_t atelier_threads(void);

enum { ATELIER_F32, ATELIER_BF16, ATELIER_F16, ATELIER_PACKED };

// A convolution over [sample, height, width, channel], or the gradient at its input; of one place of a kernel it is the product
// of a linear layer. `in` is what is read, `out` what is written.
typedef struct {
    int64_t samples, in_height, in_width, in_channels, out_height, out_width, out_channels;
    int64_t kernel, stride, before;
    // Whether the gradient at the convolution's output is read, and that at its input is written.
    bool gradient;
} atelier_convolution;

// Whether this processor multiplies factors of `type` by the functions below.
bool atelier_convolves(int32_t type);
// out = x * weight + bias + added. x has `type`, its number of channels is even if that is bf16. The weights are [out, in, kernel,
// kernel] of the convolution itself, read where they are, or packed; those of bf16 products must be packed. bias and added may be
// null; added has the type of out.
void atelier_convolve(
    const atelier_convolution *c, int32_t type, const void *x, int32_t weight_type, const void *weight,
    const float *bias, const void *added, int32_t out_type, void *out);
// Weights in the order in which products of `type` take them, in words of four bytes.
int64_t atelier_packed_words(const atelier_convolution *c, int32_t type);
void atelier_pack(
    const atelier_convolution *c, int32_t type, int32_t weight_type, const void *weight, void *packed);

// 3×3 convolutions with one row of padding by Winograd's algorithm, where the above are for f32; numbers of channels are multiples
// of 16. x, and out and added, are f32 or bf16.
int64_t atelier_winograd_count(const atelier_convolution *c);
void atelier_pack_winograd(const atelier_convolution *c, int32_t weight_type, const void *weight, float *packed);
void atelier_convolve_winograd(
    const atelier_convolution *c, int32_t in_type, const void *x, const float *packed, const float *bias,
    const void *added, int32_t out_type, void *out);

// Element-wise maps.
void atelier_add(int32_t type, const void *a, const void *b, void *out, int64_t count);
void atelier_multiply(const float *a, const float *b, float *out, int64_t count);
// out = alpha * a + beta * b
void atelier_combine(float alpha, const float *a, float beta, const float *b, float *out, int64_t count);
void atelier_scale(float alpha, const float *a, float *out, int64_t count);
// out += alpha * a
void atelier_accumulate(float alpha, const float *a, float *out, int64_t count);
// out[s, :] = alpha[s] * a[s, :] + beta[s] * b[s, :]
void atelier_combine_samples(
    const float *alpha, const float *a, const float *beta, const float *b, float *out, int64_t samples, int64_t count);

enum { ATELIER_SILU, ATELIER_GELU, ATELIER_QUICK_GELU, ATELIER_TANH, ATELIER_RELU };
void atelier_activation(int32_t type, int32_t kind, const void *x, void *out, int64_t count);
void atelier_activation_backward(int32_t kind, const float *x, const float *grad, float *out, int64_t count);

// out = a * gelu(b) where x = [a, b] along the channels: x has 2 * channels, out has channels.
void atelier_geglu(int32_t type, const void *x, void *out, int64_t rows, int64_t channels);
void atelier_geglu_backward(const float *x, const float *grad, float *out, int64_t rows, int64_t channels);

// Broadcasts and their sums.
void atelier_fill_rows(const float *bias, float *out, int64_t rows, int64_t channels);
void atelier_sum_rows(const float *x, float *out, int64_t rows, int64_t channels);
// out[s, r, c] = x[s, r, c] + y[s, c]
void atelier_add_per_sample(
    int32_t type, const void *x, const void *y, void *out, int64_t samples, int64_t rows, int64_t channels);
void atelier_sum_per_sample(const float *x, float *out, int64_t samples, int64_t rows, int64_t channels);

// Group normalisation of x[samples, rows, channels] + added[samples, channels], optionally followed by SiLU; added may be
// null. Saves mean and 1/deviation per (sample, group).
void atelier_group_norm(
    int32_t type, const void *x, const float *added, const float *weight, const float *bias, void *out, float *mean,
    float *inverse, int64_t samples, int64_t rows, int64_t channels, int64_t groups, float epsilon, bool silu);
// gradX is the gradient at x + added; gradWeight and gradBias, per sample [samples, channels], may be null.
void atelier_group_norm_backward(
    const float *x, const float *added, const float *weight, const float *bias, const float *mean, const float *inverse,
    const float *grad,
    float *gradX, float *gradWeight, float *gradBias, int64_t samples, int64_t rows, int64_t channels, int64_t groups,
    bool silu);

void atelier_layer_norm(
    int32_t type, const void *x, const float *weight, const float *bias, void *out, float *mean, float *inverse,
    int64_t rows, int64_t channels, float epsilon);
void atelier_layer_norm_backward(
    const float *x, const float *weight, const float *mean, const float *inverse, const float *grad, float *gradX,
    int64_t rows, int64_t channels);
// normalised * grad summed over rows, and grad summed over rows.
void atelier_layer_norm_backward_parameters(
    const float *x, const float *mean, const float *inverse, const float *grad, float *gradWeight, float *gradBias,
    int64_t rows, int64_t channels);

// Convolution of each channel by itself: x[samples, height, width, channels], weight[kernel, kernel, channels], bias may be
// null; `before` zero rows above and columns to the left.
void atelier_depthwise(
    const float *x, const float *weight, const float *bias, float *out, int64_t samples, int64_t height, int64_t width,
    int64_t channels, int64_t kernel, int64_t stride, int64_t before, int64_t outHeight, int64_t outWidth);
void atelier_depthwise_backward(
    const float *grad, const float *weight, float *gradX, int64_t samples, int64_t height, int64_t width,
    int64_t channels, int64_t kernel, int64_t stride, int64_t before, int64_t outHeight, int64_t outWidth);
// out[s, r, c] = x[s, r, c] * y[s, c]
void atelier_multiply_per_sample(
    const float *x, const float *y, float *out, int64_t samples, int64_t rows, int64_t channels);

// Softmax attention, blocked over query rows: no score matrix of the whole sequence is ever in memory.
// q[batch, queries, heads * width], k and v[batch, keys, heads * width].
void atelier_attention(
    int32_t type, const void *q, const void *k, const void *v, void *out, int64_t batch, int64_t queries, int64_t keys,
    int64_t heads, int64_t width, float scale, bool causal);
void atelier_attention_backward(
    const float *q, const float *k, const float *v, const float *out, const float *grad, float *gradQ, float *gradK,
    float *gradV, int64_t batch, int64_t queries, int64_t keys, int64_t heads, int64_t width, float scale, bool causal);

// out[r, :] += scale * up (down x[r, :]) with down[rank, inputs] and up[rank, outputs].
void atelier_low_rank(
    int32_t type, const void *x, const float *down, const float *up, float scale, void *out, int64_t rows,
    int64_t inputs, int64_t outputs, int64_t rank);

// f32 to the nearest bf16, ties to even, and back.
void atelier_narrow(const float *x, uint16_t *out, int64_t count);
void atelier_widen(const uint16_t *x, float *out, int64_t count);

// Layout.
void atelier_concatenate(
    int32_t type, const void *a, const void *b, void *out, int64_t rows, int64_t channelsA, int64_t channelsB);
void atelier_split(const float *x, float *a, float *b, int64_t rows, int64_t channelsA, int64_t channelsB);
void atelier_upsample(
    int32_t type, const void *x, void *out, int64_t samples, int64_t height, int64_t width, int64_t channels);
void atelier_upsample_backward(
    const float *grad, float *out, int64_t samples, int64_t height, int64_t width, int64_t channels);
// [samples, a, b] -> [samples, b, a]
void atelier_transpose(const float *x, float *out, int64_t samples, int64_t a, int64_t b);

// Reductions, accumulated in f64.
double atelier_sum_of_squares(const float *x, int64_t count);
// out[s] = mean over elements of (a - b)^2
void atelier_mean_square_per_sample(const float *a, const float *b, double *out, int64_t samples, int64_t count);

// Optimiser steps.
void atelier_adamw(
    float *parameter, const float *grad, float *first, float *second, int64_t count, float learningRate, float beta1,
    float beta2, float epsilon, float weightDecay, float correction1, float correction2, float gradientScale);
