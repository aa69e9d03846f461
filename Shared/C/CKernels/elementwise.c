#include "activation.h"
#include "parallel.h"

enum { GRAIN = 16384 };

typedef struct {
    float alpha, beta;
    const float *a, *b;
    float *out;
    int64_t samples, rows, channels;
    const float *alphas, *betas;
} maps;

KERNEL static void multiply_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t i = begin; i < end; i++) m.out[i] = m.a[i] * m.b[i];
}

KERNEL static void combine_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t i = begin; i < end; i++) m.out[i] = m.alpha * m.a[i] + m.beta * m.b[i];
}

KERNEL static void scale_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t i = begin; i < end; i++) m.out[i] = m.alpha * m.a[i];
}

KERNEL static void accumulate_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t i = begin; i < end; i++) m.out[i] += m.alpha * m.a[i];
}

KERNEL static void combine_samples_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t s = begin; s < end; s++) {
        float alpha = m.alphas[s], beta = m.betas[s];
        const float *a = m.a + s * m.channels, *b = m.b + s * m.channels;
        float *out = m.out + s * m.channels;
        for (int64_t i = 0; i < m.channels; i++) out[i] = alpha * a[i] + beta * b[i];
    }
}

void atelier_multiply(const float *a, const float *b, float *out, int64_t count) {
    maps m = {.a = a, .b = b, .out = out};
    atelier_parallel(count, GRAIN, multiply_range, &m);
}

void atelier_combine(float alpha, const float *a, float beta, const float *b, float *out, int64_t count) {
    maps m = {.alpha = alpha, .a = a, .beta = beta, .b = b, .out = out};
    atelier_parallel(count, GRAIN, combine_range, &m);
}

void atelier_scale(float alpha, const float *a, float *out, int64_t count) {
    maps m = {.alpha = alpha, .a = a, .out = out};
    atelier_parallel(count, GRAIN, scale_range, &m);
}

void atelier_accumulate(float alpha, const float *a, float *out, int64_t count) {
    maps m = {.alpha = alpha, .a = a, .out = out};
    atelier_parallel(count, GRAIN, accumulate_range, &m);
}

void atelier_combine_samples(
    const float *alpha, const float *a, const float *beta, const float *b, float *out, int64_t samples, int64_t count) {
    maps m = {.alphas = alpha, .a = a, .betas = beta, .b = b, .out = out, .samples = samples, .channels = count};
    atelier_parallel(samples, 1 + GRAIN / (count + 1), combine_samples_range, &m);
}

// Gradients at the input of activations.

KERNEL static void silu_backward_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t i = begin; i < end; i++) {
        float s = sigmoid(m.a[i]);
        m.out[i] = m.b[i] * s * (1 + m.a[i] * (1 - s));
    }
}

KERNEL static void gelu_backward_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t i = begin; i < end; i++) m.out[i] = m.b[i] * gelu_derivative(m.a[i]);
}

KERNEL static void quick_gelu_backward_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t i = begin; i < end; i++) {
        float s = sigmoid(1.702f * m.a[i]);
        m.out[i] = m.b[i] * s * (1 + 1.702f * m.a[i] * (1 - s));
    }
}

KERNEL static void tanh_backward_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t i = begin; i < end; i++) {
        float t = tanhf(m.a[i]);
        m.out[i] = m.b[i] * (1 - t * t);
    }
}

KERNEL static void relu_backward_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t i = begin; i < end; i++) m.out[i] = m.a[i] > 0 ? m.b[i] : 0;
}

void atelier_activation_backward(int32_t kind, const float *x, const float *grad, float *out, int64_t count) {
    static const atelier_body bodies[] = {
        silu_backward_range, gelu_backward_range, quick_gelu_backward_range, tanh_backward_range, relu_backward_range,
    };
    maps m = {.a = x, .b = grad, .out = out};
    atelier_parallel(count, GRAIN / 4, bodies[kind], &m);
}

KERNEL static void geglu_backward_range(void *p, int64_t begin, int64_t end) {
    maps m = *(maps *)p;
    for (int64_t r = begin; r < end; r++) {
        const float *a = m.a + r * 2 * m.channels, *b = a + m.channels, *g = m.b + r * m.channels;
        float *ga = m.out + r * 2 * m.channels, *gb = ga + m.channels;
        for (int64_t c = 0; c < m.channels; c++) {
            ga[c] = g[c] * gelu(b[c]);
            gb[c] = g[c] * a[c] * gelu_derivative(b[c]);
        }
    }
}

void atelier_geglu_backward(const float *x, const float *grad, float *out, int64_t rows, int64_t channels) {
    maps m = {.a = x, .b = grad, .out = out, .channels = channels};
    atelier_parallel(rows, 1 + GRAIN / (4 * channels), geglu_backward_range, &m);
}

// Optimiser.

typedef struct {
    float *parameter, *first, *second;
    const float *grad;
    float rate, beta1, beta2, epsilon, decay, correction1, correction2, scale;
} adamw;

KERNEL static void adamw_range(void *p, int64_t begin, int64_t end) {
    adamw a = *(adamw *)p;
    for (int64_t i = begin; i < end; i++) {
        float g = a.grad[i] * a.scale;
        float first = a.beta1 * a.first[i] + (1 - a.beta1) * g;
        float second = a.beta2 * a.second[i] + (1 - a.beta2) * g * g;
        a.first[i] = first;
        a.second[i] = second;
        float decayed = a.parameter[i] * (1 - a.rate * a.decay);
        a.parameter[i] = decayed - a.rate * (first / a.correction1) / (sqrtf(second / a.correction2) + a.epsilon);
    }
}

void atelier_adamw(
    float *parameter, const float *grad, float *first, float *second, int64_t count, float learningRate, float beta1,
    float beta2, float epsilon, float weightDecay, float correction1, float correction2, float gradientScale) {
    adamw a = {parameter, first,   second,      grad,        learningRate, beta1,
               beta2,     epsilon, weightDecay, correction1, correction2,  gradientScale};
    atelier_parallel(count, GRAIN, adamw_range, &a);
}
