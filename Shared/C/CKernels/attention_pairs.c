#include "attention.h"

// Attention between bf16 tensors with the processor's products of pairs (avx512_bf16): two products and two sums a lane,
// accumulated in f32.

#if defined(__x86_64__)
#include <immintrin.h>

#define PAIRS __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

static inline uint32_t word(const bf16 *x) {
    uint32_t both;
    memcpy(&both, x, sizeof both);
    return both;
}

PAIRS static void pack_keys(const attention *a, const workspace *w, int64_t b, int64_t h) {
    int64_t channels = a->heads * a->width, first = b * a->keys * channels + h * a->width;
    const bf16 *k = (const bf16 *)a->k + first, *v = (const bf16 *)a->v + first;
    uint32_t *keys = (uint32_t *)w->k, *values = (uint32_t *)w->v;
    for (int64_t j0 = 0; j0 < w->key_stride; j0 += LANES)
        for (int64_t c = 0; c < a->width / 2; c++) {
            uint32_t *to = keys + c * w->key_stride + j0;
            for (int64_t j = 0; j < LANES; j++) to[j] = j0 + j < a->keys ? word(k + (j0 + j) * channels + 2 * c) : 0;
        }
    for (int64_t j = 0; j < a->keys; j += 2) {
        const bf16 *even = v + j * channels, *odd = even + channels;
        uint32_t *to = values + j / 2 * w->value_stride;
        if (j + 1 < a->keys)
            for (int64_t c = 0; c < a->width; c++) to[c] = even[c] | (uint32_t)odd[c] << 16;
        else
            for (int64_t c = 0; c < a->width; c++) to[c] = even[c];
        for (int64_t c = a->width; c < w->value_stride; c++) to[c] = 0;
    }
}

PAIRS static void pack_queries(const attention *a, const workspace *w, int64_t at, int64_t rows) {
    uint32_t *queries = (uint32_t *)w->q;
    for (int64_t row = 0; row < (rows + ROWS - 1) / ROWS * ROWS; row++) {
        const bf16 *q = (const bf16 *)a->q + at + row * a->heads * a->width;
        uint32_t *to = queries + row / ROWS * (a->width / 2) * ROWS + row % ROWS;
        for (int64_t c = 0; c < a->width / 2; c++) to[c * ROWS] = row < rows ? word(q + 2 * c) : 0;
    }
}

#define ALL_LANES(X) ((__m512bh)_mm512_set1_epi32((int32_t)(X)))

#define SCORES(VECTORS)                                                                     \
    {                                                                                       \
        __m512 sum[ROWS][VECTORS];                                                          \
        for (int r = 0; r < ROWS; r++)                                                      \
            for (int i = 0; i < VECTORS; i++) sum[r][i] = _mm512_setzero_ps();              \
        for (int64_t c = 0; c < words; c++) {                                               \
            __m512bh key[VECTORS];                                                          \
            for (int i = 0; i < VECTORS; i++) key[i] = (__m512bh)_mm512_loadu_ps(k + c * stride + i * LANES); \
            for (int r = 0; r < ROWS; r++)                                                  \
                for (int i = 0; i < VECTORS; i++)                                           \
                    sum[r][i] = _mm512_dpbf16_ps(sum[r][i], ALL_LANES(queries[c * ROWS + r]), key[i]); \
        }                                                                                   \
        for (int r = 0; r < ROWS; r++)                                                      \
            for (int i = 0; i < VECTORS; i++) _mm512_storeu_ps(scores + r * TILE + i * LANES, sum[r][i]); \
    }

PAIRS static void scores_of(
    const float *q, const float *k, float *scores, int64_t words, int64_t stride, int64_t vectors) {
    const uint32_t *queries = (const uint32_t *)q;
    for (; vectors >= GROUP; vectors -= GROUP, k += GROUP * LANES, scores += GROUP * LANES) SCORES(3)
    if (vectors == 2) SCORES(2)
    if (vectors == 1) SCORES(1)
}

#define VALUES(VECTORS)                                                                     \
    {                                                                                       \
        __m512 sum[ROWS][VECTORS];                                                          \
        for (int r = 0; r < ROWS; r++)                                                      \
            for (int i = 0; i < VECTORS; i++) sum[r][i] = _mm512_loadu_ps(out + r * stride + i * LANES); \
        for (int64_t j = 0; j < (keys + 1) / 2; j++) {                                      \
            __m512bh value[VECTORS];                                                        \
            for (int i = 0; i < VECTORS; i++) value[i] = (__m512bh)_mm512_loadu_ps(v + j * stride + i * LANES); \
            for (int r = 0; r < ROWS; r++)                                                  \
                for (int i = 0; i < VECTORS; i++)                                           \
                    sum[r][i] = _mm512_dpbf16_ps(sum[r][i], ALL_LANES(rounded[r * TILE + j]), value[i]); \
        }                                                                                   \
        for (int r = 0; r < ROWS; r++)                                                      \
            for (int i = 0; i < VECTORS; i++) _mm512_storeu_ps(out + r * stride + i * LANES, sum[r][i]); \
    }

// The weights are rounded in place, each row at its own start.
PAIRS static void add_values(float *p, const float *v, float *out, int64_t keys, int64_t stride, int64_t vectors) {
    for (int r = 0; r < ROWS; r++) {
        float *row = p + r * TILE;
        for (int64_t j = 0; j < keys; j += LANES)
            _mm256_storeu_si256(
                (__m256i *)((bf16 *)row + j), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(row + j)));
    }
    const uint32_t *rounded = (const uint32_t *)p;
    for (; vectors >= GROUP; vectors -= GROUP, v += GROUP * LANES, out += GROUP * LANES) VALUES(3)
    if (vectors == 2) VALUES(2)
    if (vectors == 1) VALUES(1)
}

static const method pairs = {pack_keys, pack_queries, scores_of, add_values, 2};

const method *atelier_pair_method(const attention *a) {
    bool suits = a->type == ATELIER_BF16 && a->width % 2 == 0 && __builtin_cpu_supports("avx512bf16");
    return suits ? &pairs : NULL;
}

#else

const method *atelier_pair_method(const attention *a) {
    (void)a;
    return NULL;
}

#endif
