#pragma once
#include "elements.h"
#include "parallel.h"

// Softmax attention by blocks of queries and tiles of keys with a running maximum (Dao et al., "FlashAttention", 2022):
// no more than ROWS rows of scores of one tile exist at a time.

enum { LANES = 16, ROWS = 8, GROUP = 3, TILE = 240, BLOCK = 64 };

typedef struct {
    const void *q, *k, *v;
    void *out;
    int64_t queries, keys, heads, width, blocks;
    float scale;
    int32_t type;
    bool causal;
} attention;

// Buffers of one thread. Operands are packed in words of four bytes: an f32, or two bf16 that are multiplied together.
typedef struct {
    float *k, *v, *q, *scores, *out, *top, *sum;
    int64_t key_stride, value_stride;
} workspace;

// How the operands are packed and multiplied; `words` are the words of one query.
typedef struct {
    // Keys as [word, key] and values as [key or pair of keys, channel], padded with zeros to whole vectors.
    void (*pack_keys)(const attention *a, const workspace *w, int64_t batch, int64_t head);
    // `rows` queries from element `at` as [group of ROWS, word, row], padded with zeros to whole groups.
    void (*pack_queries)(const attention *a, const workspace *w, int64_t at, int64_t rows);
    // scores[r, j] for ROWS queries and `vectors` * LANES keys.
    void (*scores)(const float *q, const float *k, float *scores, int64_t words, int64_t stride, int64_t vectors);
    // out[r, c] += sum over j of weights[r, j] * v[j, c] for ROWS queries and `vectors` * LANES channels.
    void (*values)(float *weights, const float *v, float *out, int64_t keys, int64_t stride, int64_t vectors);
    // Numbers in a word.
    int64_t depth;
} method;

// Products of pairs of bf16, or null where the processor or the shape does not allow them.
const method *atelier_pair_method(const attention *a);
