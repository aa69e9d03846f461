#include "attention.h"

// Sixteen numbers. Where the processor has narrower registers, the compiler divides them.
typedef float vector __attribute__((vector_size(64), aligned(4)));
typedef int32_t integers __attribute__((vector_size(64)));

// As macros, because a function that takes or gives such a vector would need one set of registers for all processors.
#define SPLAT(X) ((vector){0} + (X))

// 2^x for x <= 0: the integer part goes into the exponent, a polynomial is within 2e-9 of 2^r on [-1/2, 1/2].
#define POWER_OF_TWO(X)                                                                     \
    ({                                                                                      \
        vector limited_ = __builtin_elementwise_max((X), SPLAT(-126.0f));                   \
        vector whole_ = __builtin_elementwise_roundeven(limited_), r_ = limited_ - whole_;  \
        vector p_ = SPLAT(1.5337577e-4f);                                                   \
        p_ = p_ * r_ + 1.3399860e-3f;                                                       \
        p_ = p_ * r_ + 9.6185198e-3f;                                                       \
        p_ = p_ * r_ + 5.5503290e-2f;                                                       \
        p_ = p_ * r_ + 2.4022646e-1f;                                                       \
        p_ = p_ * r_ + 6.9314718e-1f;                                                       \
        p_ = p_ * r_ + 1.0f;                                                                \
        (vector)((integers)p_ + (__builtin_convertvector(whole_, integers) << 23));         \
    })

#define SCORES(VECTORS)                                                                     \
    {                                                                                       \
        vector sum[ROWS][VECTORS] = {0};                                                    \
        for (int64_t c = 0; c < words; c++) {                                               \
            vector key[VECTORS];                                                            \
            for (int i = 0; i < VECTORS; i++) key[i] = *(const vector *)(k + c * stride + i * LANES); \
            for (int r = 0; r < ROWS; r++)                                                  \
                for (int i = 0; i < VECTORS; i++) sum[r][i] += q[c * ROWS + r] * key[i]; \
        }                                                                                   \
        for (int r = 0; r < ROWS; r++)                                                      \
            for (int i = 0; i < VECTORS; i++) *(vector *)(scores + r * TILE + i * LANES) = sum[r][i]; \
    }

KERNEL static void scores_of(
    const float *q, const float *k, float *scores, int64_t words, int64_t stride, int64_t vectors) {
    for (; vectors >= GROUP; vectors -= GROUP, k += GROUP * LANES, scores += GROUP * LANES) SCORES(3)
    if (vectors == 2) SCORES(2)
    if (vectors == 1) SCORES(1)
}

#define VALUES(VECTORS)                                                                     \
    {                                                                                       \
        vector sum[ROWS][VECTORS];                                                          \
        for (int r = 0; r < ROWS; r++)                                                      \
            for (int i = 0; i < VECTORS; i++) sum[r][i] = *(const vector *)(out + r * stride + i * LANES); \
        for (int64_t j = 0; j < keys; j++) {                                                \
            vector value[VECTORS];                                                          \
            for (int i = 0; i < VECTORS; i++) value[i] = *(const vector *)(v + j * stride + i * LANES); \
            for (int r = 0; r < ROWS; r++)                                                  \
                for (int i = 0; i < VECTORS; i++) sum[r][i] += p[r * TILE + j] * value[i]; \
        }                                                                                   \
        for (int r = 0; r < ROWS; r++)                                                      \
            for (int i = 0; i < VECTORS; i++) *(vector *)(out + r * stride + i * LANES) = sum[r][i]; \
    }

KERNEL static void add_values(float *p, const float *v, float *out, int64_t keys, int64_t stride, int64_t vectors) {
    for (; vectors >= GROUP; vectors -= GROUP, v += GROUP * LANES, out += GROUP * LANES) VALUES(3)
    if (vectors == 2) VALUES(2)
    if (vectors == 1) VALUES(1)
}

// Turns scores into 2^(scale * score - top), with top[r] the greatest so far; scales sums and results of earlier tiles.
KERNEL static void weigh(float *scores, float scale, float *top, float *sum, float *out, int64_t vectors, int64_t stride) {
    for (int r = 0; r < ROWS; r++) {
        float *row = scores + r * TILE;
        vector greatest = *(vector *)row;
        for (int64_t i = 1; i < vectors; i++) greatest = __builtin_elementwise_max(greatest, *(vector *)(row + i * LANES));
        float now = top[r];
        for (int l = 0; l < LANES; l++) now = scale * greatest[l] > now ? scale * greatest[l] : now;
        vector total = {0}, level = SPLAT(now);
        for (int64_t i = 0; i < vectors; i++) {
            vector weight = POWER_OF_TWO(scale * *(vector *)(row + i * LANES) - level);
            *(vector *)(row + i * LANES) = weight;
            total += weight;
        }
        float whole = 0;
        for (int l = 0; l < LANES; l++) whole += total[l];
        if (now > top[r]) {
            vector shrink = POWER_OF_TWO(SPLAT(top[r] - now));
            sum[r] *= shrink[0];
            for (int64_t i = 0; i < stride; i += LANES) *(vector *)(out + r * stride + i) *= shrink;
            top[r] = now;
        }
        sum[r] += whole;
    }
}

#define PACK_KEYS(TYPE, READ)                                                               \
    {                                                                                       \
        const TYPE *k = (const TYPE *)a->k + first, *v = (const TYPE *)a->v + first;        \
        for (int64_t j = 0; j < a->keys; j++) {                                             \
            for (int64_t c = 0; c < a->width; c++) w->v[j * w->value_stride + c] = READ(v[j * channels + c]); \
            for (int64_t c = a->width; c < w->value_stride; c++) w->v[j * w->value_stride + c] = 0; \
        }                                                                                   \
        for (int64_t j0 = 0; j0 < a->keys; j0 += LANES) {                                   \
            int64_t keys = a->keys - j0 < LANES ? a->keys - j0 : LANES;                     \
            for (int64_t c = 0; c < a->width; c++) {                                        \
                float *to = w->k + c * w->key_stride + j0;                                  \
                for (int64_t j = 0; j < keys; j++) to[j] = READ(k[(j0 + j) * channels + c]); \
                for (int64_t j = keys; j < LANES; j++) to[j] = 0;                           \
            }                                                                               \
        }                                                                                   \
    }

#define PACK_QUERIES(TYPE, READ)                                                            \
    for (int64_t row = 0; row < (rows + ROWS - 1) / ROWS * ROWS; row++) {                                     \
        const TYPE *q = (const TYPE *)a->q + at + row * a->heads * a->width;                           \
        float *to = w->q + row / ROWS * a->width * ROWS + row % ROWS;                       \
        for (int64_t c = 0; c < a->width; c++) to[c * ROWS] = row < rows ? READ(q[c]) : 0; \
    }

KERNEL static void pack_keys(const attention *a, const workspace *w, int64_t b, int64_t h) {
    int64_t channels = a->heads * a->width, first = b * a->keys * channels + h * a->width;
    if (a->type == ATELIER_BF16) PACK_KEYS(bf16, widened) else PACK_KEYS(float, )
}

KERNEL static void pack_queries(const attention *a, const workspace *w, int64_t at, int64_t rows) {
    if (a->type == ATELIER_BF16) PACK_QUERIES(bf16, widened) else PACK_QUERIES(float, )
}

static const method plain = {pack_keys, pack_queries, scores_of, add_values, 1};

// Writes the results of one block, divided by the sums of their weights.
#define WRITE_ROWS(TYPE, WRITE)                                                             \
    for (int64_t r = 0; r < rows; r++) {                                                    \
        float inverse = 1 / w->sum[r];                                                      \
        const float *from = w->out + r * w->value_stride;                                   \
        TYPE *to = (TYPE *)a->out + at + r * a->heads * a->width;                           \
        for (int64_t c = 0; c < a->width; c++) to[c] = WRITE(from[c] * inverse);            \
    }

KERNEL static void write_rows(const attention *a, const workspace *w, int64_t at, int64_t rows) {
    if (a->type == ATELIER_BF16) WRITE_ROWS(bf16, narrowed) else WRITE_ROWS(float, )
}

// One block of queries of one head, against all keys.
static void attend_block(
    const attention *a, const method *m, const workspace *w, int64_t b, int64_t h, int64_t first) {
    int64_t rows = a->queries - first < BLOCK ? a->queries - first : BLOCK, groups = (rows + ROWS - 1) / ROWS;
    int64_t at = (b * a->queries + first) * a->heads * a->width + h * a->width, words = a->width / m->depth;
    float scale = a->scale * 1.44269504f;
    m->pack_queries(a, w, at, rows);
    for (int64_t r = 0; r < groups * ROWS; r++) {
        w->top[r] = -1e30f;
        w->sum[r] = 0;
    }
    memset(w->out, 0, (size_t)(groups * ROWS * w->value_stride) * sizeof(float));
    for (int64_t j0 = 0; j0 < a->keys; j0 += TILE) {
        if (a->causal && j0 > first + rows - 1) break;
        int64_t keys = a->keys - j0 < TILE ? a->keys - j0 : TILE, vectors = (keys + LANES - 1) / LANES;
        const float *k = w->k + j0, *v = w->v + j0 / m->depth * w->value_stride;
        for (int64_t g = 0; g < groups; g++) {
            float *out = w->out + g * ROWS * w->value_stride;
            m->scores(w->q + g * words * ROWS, k, w->scores, words, w->key_stride, vectors);
            for (int64_t r = 0; r < ROWS; r++) {
                int64_t visible = a->causal ? first + g * ROWS + r + 1 - j0 : keys;
                for (int64_t j = visible < 0 ? 0 : visible < keys ? visible : keys; j < vectors * LANES; j++)
                    w->scores[r * TILE + j] = -1e30f;
            }
            weigh(w->scores, scale, w->top + g * ROWS, w->sum + g * ROWS, out, vectors, w->value_stride);
            m->values(w->scores, v, out, keys, w->value_stride, w->value_stride / LANES);
        }
    }
    write_rows(a, w, at, rows);
}

static void attention_range(void *p, int64_t begin, int64_t end) {
    const attention *a = p;
    const method *pairs = atelier_pair_method(a), *m = pairs ? pairs : &plain;
    workspace w = {.key_stride = (a->keys + LANES - 1) / LANES * LANES,
                   .value_stride = (a->width + LANES - 1) / LANES * LANES};
    int64_t sizes[] = {a->width * w.key_stride, (a->keys + 1) * w.value_stride, BLOCK * a->width, ROWS * TILE,
                       BLOCK * w.value_stride, BLOCK, BLOCK};
    float **parts[] = {&w.k, &w.v, &w.q, &w.scores, &w.out, &w.top, &w.sum};
    int64_t all = 0;
    for (int i = 0; i < 7; i++) all += (sizes[i] + LANES - 1) / LANES * LANES;
    float *at = atelier_scratch(all);
    for (int i = 0; i < 7; i++) {
        *parts[i] = at;
        at += (sizes[i] + LANES - 1) / LANES * LANES;
    }
    for (int64_t i = begin; i < end; i++) {
        int64_t head = i / a->blocks;
        if (i == begin || i % a->blocks == 0) m->pack_keys(a, &w, head / a->heads, head % a->heads);
        attend_block(a, m, &w, head / a->heads, head % a->heads, i % a->blocks * BLOCK);
    }
}

void atelier_attention(
    int32_t type, const void *q, const void *k, const void *v, void *out, int64_t batch, int64_t queries, int64_t keys,
    int64_t heads, int64_t width, float scale, bool causal) {
    attention a = {.q = q, .k = k, .v = v, .out = out, .queries = queries, .keys = keys, .heads = heads, .width = width,
                   .blocks = (queries + BLOCK - 1) / BLOCK, .scale = scale, .type = type, .causal = causal};
    atelier_parallel(batch * heads * a.blocks, 1, attention_range, &a);
}
