#pragma once
#include "elements.h"
#include "parallel.h"

// A convolution as a product of two matrices (implicit GEMM). The left one, a row of channels for each written pixel and each
// place of the kernel, is not made: a table points to its rows. The right one is brought into panels, a few channels at a
// time, which stay in the cache while a block of rows is multiplied with them.
//
// Factors are in words of four bytes: an f32, or two bf16 of adjacent channels that are multiplied together.

// The instructions that all of it needs; products of bf16 need one set more.
#define WIDE_SET "avx512f,avx512bw,avx512vl,avx512dq,f16c"

enum { PANEL = 64, BLOCK = 384, WORDS = 576, VECTOR = 16 };

typedef struct {
    atelier_convolution shape;
    const void *x, *weight, *added;
    const float *bias;
    void *out;
    int32_t weight_type, out_type;
    // Numbers in a word; words of a row; words that are multiplied at a time; places of the kernel.
    int64_t depth, words, step, taps;
    // Columns of a panel, but for the last.
    int64_t width;
    int64_t rows, panels;
} product;

product atelier_product(const atelier_convolution *c, int32_t type);

// The columns that the panel which starts at `column` has: whole vectors.
static inline int64_t atelier_width(const product *p, int64_t column) {
    int64_t left = (p->shape.out_channels - column + VECTOR - 1) / VECTOR * VECTOR;
    return left < p->width ? left : p->width;
}

// tile[row, column] = sum over taps and words (+ tile, unless it starts) of rows[tap * BLOCK + row][first + word] *
// panel[tap, word, column]; rows of the tile are PANEL apart.
typedef void (*multiply)(
    const float *const *rows, int64_t count, int64_t taps, int64_t first, int64_t words, const float *panel, float *tile,
    bool starts);

// What needs a processor's own instructions.
typedef struct {
    // panel[tap, channel, column] for `channels` channels from `first` and a panel's columns from `column`, as f32; zeros
    // beyond the last column.
    void (*panel)(const product *p, int64_t column, int64_t first, int64_t channels, float *panel);
    // For panels of one to four vectors.
    multiply multiply[PANEL / VECTOR];
    // out[row, column] = x[row] · weight[column] for few rows and contiguous weights: no panel is worth its making.
    void (*dots)(const product *p, int64_t begin, int64_t end);
} product_method;

// How this processor multiplies words of `type`, or null.
const product_method *atelier_product_method(int32_t type);
