#include <cblas.h>
#include <string.h>

#include "activation.h"
#include "parallel.h"

// The products below run inside our own threads; OpenBLAS's pool would fight them.
__attribute__((constructor)) static void keep_openblas_single_threaded(void) { openblas_set_num_threads(1); }

typedef struct {
    const float *q, *k, *v, *out, *grad;
    float *grad_q, *grad_k, *grad_v;
    int64_t queries, keys, heads, width;
    float scale;
    bool causal;
} attention;

// Query rows of one block: its scores stay in the second-level cache.
static int64_t block_rows(int64_t keys) {
    int64_t rows = 65536 / (keys > 0 ? keys : 1);
    return rows < 16 ? 16 : rows > 256 ? 256 : rows;
}

KERNEL static void softmax_rows(float *scores, int64_t rows, int64_t keys, int64_t first, bool causal) {
    for (int64_t r = 0; r < rows; r++) {
        float *row = scores + r * keys;
        int64_t visible = causal && first + r + 1 < keys ? first + r + 1 : keys;
        float top = row[0];
        for (int64_t j = 1; j < visible; j++) top = row[j] > top ? row[j] : top;
        float sum = 0;
        for (int64_t j = 0; j < visible; j++) {
            row[j] = exponential(row[j] - top);
            sum += row[j];
        }
        float inverse = 1 / sum;
        for (int64_t j = 0; j < visible; j++) row[j] *= inverse;
        for (int64_t j = visible; j < keys; j++) row[j] = 0;
    }
}

static void scores_of(const attention *a, const float *q, const float *k, float *scores, int64_t first, int64_t rows) {
    int channels = (int)(a->heads * a->width);
    cblas_sgemm(
        CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)a->keys, (int)a->width, a->scale,
        q + first * channels, channels, k, channels, 0, scores, (int)a->keys);
    softmax_rows(scores, rows, a->keys, first, a->causal);
}

// dS = P * (dP - rowsum(dO * O)), where dP = dO V^T.
KERNEL static void score_gradient(
    const float *probabilities, float *gradient, const float *out, const float *grad, int64_t rows, int64_t keys,
    int64_t width, int64_t channels) {
    for (int64_t r = 0; r < rows; r++) {
        float dot = 0;
        for (int64_t c = 0; c < width; c++) dot += out[r * channels + c] * grad[r * channels + c];
        for (int64_t j = 0; j < keys; j++) gradient[r * keys + j] = probabilities[r * keys + j] * (gradient[r * keys + j] - dot);
    }
}

static void attention_backward_range(void *p, int64_t begin, int64_t end) {
    attention a = *(attention *)p;
    int64_t channels = a.heads * a.width, block = block_rows(a.keys);
    int ld = (int)channels, keys = (int)a.keys, width = (int)a.width;
    float *scores = atelier_scratch(2 * block * a.keys), *gradient = scores + block * a.keys;
    for (int64_t i = begin; i < end; i++) {
        int64_t b = i / a.heads, h = i % a.heads;
        int64_t at_query = b * a.queries * channels + h * a.width, at_key = b * a.keys * channels + h * a.width;
        const float *q = a.q + at_query, *k = a.k + at_key, *v = a.v + at_key;
        for (int64_t first = 0; first < a.queries; first += block) {
            int rows = (int)(first + block < a.queries ? block : a.queries - first);
            float beta = first == 0 ? 0 : 1;
            const float *grad = a.grad + at_query + first * channels, *out = a.out + at_query + first * channels;
            scores_of(&a, q, k, scores, first, rows);
            cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, keys, width, rows, 1, scores, keys, grad, ld, beta,
                        a.grad_v + at_key, ld);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, keys, width, 1, grad, ld, v, ld, 0, gradient,
                        keys);
            score_gradient(scores, gradient, out, grad, rows, a.keys, a.width, channels);
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, width, keys, a.scale, gradient, keys, k, ld, 0,
                        a.grad_q + at_query + first * channels, ld);
            cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, keys, width, rows, a.scale, gradient, keys,
                        q + first * channels, ld, beta, a.grad_k + at_key, ld);
        }
    }
}

void atelier_attention_backward(
    const float *q, const float *k, const float *v, const float *out, const float *grad, float *gradQ, float *gradK,
    float *gradV, int64_t batch, int64_t queries, int64_t keys, int64_t heads, int64_t width, float scale,
    bool causal) {
    attention a = {.q = q, .k = k, .v = v, .out = out, .grad = grad, .grad_q = gradQ, .grad_k = gradK, .grad_v = gradV,
                   .queries = queries, .keys = keys, .heads = heads, .width = width, .scale = scale, .causal = causal};
    atelier_parallel(batch * heads, 1, attention_backward_range, &a);
}
