#include "product.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Products with AVX-512: the sums of a few rows by one to four vectors of columns stay in registers.

enum { LANES = 16 };

#define WIDE __attribute__((target(WIDE_SET)))
#define PAIRS __attribute__((target(WIDE_SET ",avx512bf16")))

#define F32_PRODUCT(SUM, A, B) _mm512_fmadd_ps(_mm512_set1_ps(A), (B), (SUM))
#define PAIR_PRODUCT(SUM, A, B) \
    _mm512_dpbf16_ps((SUM), (__m512bh)_mm512_castps_si512(_mm512_set1_ps(A)), (__m512bh)_mm512_castps_si512(B))

// As many rows of the tile as COUNT goes into what is left; constants, so that all sums have a register.
#define ROWS(PRODUCT, VECTORS, COUNT)                                                                        \
    for (; count - done >= COUNT; done += COUNT) {                                                           \
        float *at = tile + done * PANEL;                                                                     \
        const float *b = panel;                                                                              \
        __m512 sum[COUNT][VECTORS];                                                                          \
        for (int r = 0; r < COUNT; r++)                                                                      \
            for (int v = 0; v < VECTORS; v++)                                                                \
                sum[r][v] = starts ? _mm512_setzero_ps() : _mm512_loadu_ps(at + r * PANEL + v * LANES);      \
        for (int64_t tap = 0; tap < taps; tap++) {                                                           \
            const float *row[COUNT];                                                                         \
            for (int r = 0; r < COUNT; r++) row[r] = rows[tap * BLOCK + done + r] + first;                   \
            for (int64_t word = 0; word < words; word++, b += VECTORS * LANES) {                             \
                __m512 factor[VECTORS];                                                                      \
                for (int v = 0; v < VECTORS; v++) factor[v] = _mm512_loadu_ps(b + v * LANES);                \
                for (int r = 0; r < COUNT; r++)                                                              \
                    for (int v = 0; v < VECTORS; v++) sum[r][v] = PRODUCT(sum[r][v], row[r][word], factor[v]); \
            }                                                                                                \
        }                                                                                                    \
        for (int r = 0; r < COUNT; r++)                                                                      \
            for (int v = 0; v < VECTORS; v++) _mm512_storeu_ps(at + r * PANEL + v * LANES, sum[r][v]);       \
    }

#define MULTIPLY(TARGET, NAME, PRODUCT, VECTORS, MOST)                                                       \
    TARGET static void NAME##_##VECTORS(                                                                     \
        const float *const *rows, int64_t count, int64_t taps, int64_t first, int64_t words,                 \
        const float *panel, float *tile, bool starts) {                                                      \
        int64_t done = 0;                                                                                    \
        ROWS(PRODUCT, VECTORS, MOST)                                                                         \
        ROWS(PRODUCT, VECTORS, 4)                                                                            \
        ROWS(PRODUCT, VECTORS, 2)                                                                            \
        ROWS(PRODUCT, VECTORS, 1)                                                                            \
    }

#define ALL_WIDTHS(TARGET, NAME, PRODUCT)                                                                    \
    MULTIPLY(TARGET, NAME, PRODUCT, 1, 16)                                                                   \
    MULTIPLY(TARGET, NAME, PRODUCT, 2, 12)                                                                   \
    MULTIPLY(TARGET, NAME, PRODUCT, 3, 8)                                                                    \
    MULTIPLY(TARGET, NAME, PRODUCT, 4, 6)

ALL_WIDTHS(WIDE, multiply, F32_PRODUCT)
ALL_WIDTHS(PAIRS, multiply_pairs, PAIR_PRODUCT)

#define READ_F32(AT, MASK) _mm512_maskz_loadu_ps((MASK), (const float *)p->weight + (AT))
#define READ_F16(AT, MASK) _mm512_cvtph_ps(_mm256_maskz_loadu_epi16((MASK), (const uint16_t *)p->weight + (AT)))
#define READ_BF16(AT, MASK)                                                                              \
    _mm512_castsi512_ps(_mm512_slli_epi32(                                                               \
        _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16((MASK), (const uint16_t *)p->weight + (AT))), 16))

static inline __mmask16 lanes(int64_t count) { return (__mmask16)(count < LANES ? (1u << (count > 0 ? count : 0)) - 1 : 0xffff); }

// Turns sixteen vectors of sixteen numbers.
WIDE static inline void transpose(__m512 x[LANES]) {
    __m512 y[LANES];
    for (int i = 0; i < LANES; i += 2) {
        y[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4)
        for (int j = 0; j < 2; j++) {
            x[i + 2 * j] = (__m512)_mm512_unpacklo_pd((__m512d)y[i + j], (__m512d)y[i + j + 2]);
            x[i + 2 * j + 1] = (__m512)_mm512_unpackhi_pd((__m512d)y[i + j], (__m512d)y[i + j + 2]);
        }
    for (int i = 0; i < 4; i++)
        for (int half = 0; half < LANES; half += 8) {
            y[half + i] = _mm512_shuffle_f32x4(x[half + i], x[half + i + 4], 0x88);
            y[half + i + 4] = _mm512_shuffle_f32x4(x[half + i], x[half + i + 4], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        x[i] = _mm512_shuffle_f32x4(y[i], y[i + 8], 0x88);
        x[i + 8] = _mm512_shuffle_f32x4(y[i], y[i + 8], 0xdd);
    }
}

// A weight of the convolution is at (its output * inputs + its input) * taps + tap. Read forward, a column's channels and taps are
// contiguous: blocks of 16 by 16 are turned.
#define FORWARD_PANEL(READ)                                                                              \
    for (int64_t column = 0; column < width; column += LANES)                                            \
        for (int64_t at = 0; at < channels * taps; at += LANES) {                                        \
            int64_t left = channels * taps - at, channel = at / taps, tap = at % taps;                   \
            __mmask16 mask = lanes(left);                                                                \
            __m512 x[LANES];                                                                             \
            for (int i = 0; i < LANES; i++)                                                              \
                x[i] = column + i < columns                                                              \
                    ? READ(((start + column + i) * c->in_channels + first) * taps + at, mask)            \
                    : _mm512_setzero_ps();                                                               \
            transpose(x);                                                                                \
            for (int i = 0; i < LANES && i < left; i++) {                                                \
                _mm512_storeu_ps(panel + (tap * channels + channel) * width + column, x[i]);             \
                if (++tap < taps) continue;                                                              \
                tap = 0;                                                                                 \
                channel++;                                                                               \
            }                                                                                            \
        }

// For the gradient, a channel's columns and taps are.
#define GRADIENT_PANEL(READ)                                                                             \
    for (int64_t channel = 0; channel < channels; channel++) {                                           \
        int64_t from = ((first + channel) * c->out_channels + start) * taps;                             \
        for (int64_t at = 0; at < width * taps; at += LANES)                                             \
            _mm512_storeu_ps(row + at, READ(from + at, lanes(columns * taps - at)));                     \
        for (int64_t tap = 0; tap < taps; tap++)                                                         \
            for (int64_t column = 0; column < width; column += LANES)                                    \
                _mm512_storeu_ps(                                                                        \
                    panel + (tap * channels + channel) * width + column,                                 \
                    taps == 1 ? _mm512_loadu_ps(row + column)                                            \
                              : _mm512_i32gather_ps(places, row + column * taps + tap, 4));              \
    }

#define PANEL_OF(READ)                                                                                   \
    if (c->gradient) GRADIENT_PANEL(READ) else FORWARD_PANEL(READ)

WIDE static void make_panel(const product *p, int64_t start, int64_t first, int64_t channels, float *panel) {
    const atelier_convolution *c = &p->shape;
    int64_t taps = p->taps, width = atelier_width(p, start);
    int64_t columns = c->out_channels - start < width ? c->out_channels - start : width;
    float row[width * taps];
    __m512i places = _mm512_mullo_epi32(
        _mm512_set1_epi32((int)taps), _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    if (p->weight_type == ATELIER_F16) {
        PANEL_OF(READ_F16)
    } else if (p->weight_type == ATELIER_BF16) {
        PANEL_OF(READ_BF16)
    } else {
        PANEL_OF(READ_F32)
    }
}

#define DOTS(READ)                                                                                       \
    for (int64_t column = begin; column < end; column++)                                                 \
        for (int64_t row = 0; row < p->rows; row++) {                                                    \
            const float *x = (const float *)p->x + row * width;                                          \
            __m512 sum = _mm512_setzero_ps();                                                            \
            for (int64_t i = 0; i < width; i += LANES) {                                                 \
                __mmask16 mask = lanes(width - i);                                                       \
                sum = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, x + i), READ(column * width + i, mask), sum); \
            }                                                                                            \
            int64_t at = row * p->shape.out_channels + column;                                           \
            out[at] = _mm512_reduce_add_ps(sum) + (p->bias ? p->bias[column] : 0) + (added ? added[at] : 0); \
        }

WIDE static void dots(const product *p, int64_t begin, int64_t end) {
    int64_t width = p->words;
    const float *added = p->added;
    float *out = p->out;
    if (p->weight_type == ATELIER_F16) {
        DOTS(READ_F16)
    } else if (p->weight_type == ATELIER_BF16) {
        DOTS(READ_BF16)
    } else {
        DOTS(READ_F32)
    }
}

static const product_method
    wide = {make_panel, {multiply_1, multiply_2, multiply_3, multiply_4}, dots},
    wide_pairs = {make_panel, {multiply_pairs_1, multiply_pairs_2, multiply_pairs_3, multiply_pairs_4}, dots};

const product_method *atelier_product_method(int32_t type) {
    if (!__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl"))
        return NULL;
    if (type == ATELIER_F32) return &wide;
    return type == ATELIER_BF16 && __builtin_cpu_supports("avx512bf16") ? &wide_pairs : NULL;
}

#else

const product_method *atelier_product_method(int32_t type) {
    (void)type;
    return NULL;
}

#endif
