#pragma once
#include <math.h>
#include <stdint.h>

// Functions of one number, written so that the loops around them vectorise at the processor's full width.

// e^x to 2e-7 of itself: 2^n goes into the exponent, a polynomial is within 2e-9 of 2^r on [-1/2, 1/2]. libmvec's has
// half the width of AVX-512.
static inline float exponential(float x) {
    x = x < -87 ? -87 : x > 88 ? 88 : x;
    float n = rintf(x * 1.44269504f), r = (x * 1.44269502f - n) + x * 1.92596e-8f;
    float p = 1.5337577e-4f;
    p = p * r + 1.3399860e-3f;
    p = p * r + 9.6185198e-3f;
    p = p * r + 5.5503290e-2f;
    p = p * r + 2.4022646e-1f;
    p = p * r + 6.9314718e-1f;
    p = p * r + 1;
    union { float value; int32_t bits; } u = {.value = p};
    u.bits += (int32_t)n << 23;
    return u.value;
}

static inline float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

static inline float silu(float x) { return x * sigmoid(x); }

static inline float quick_gelu(float x) { return x * sigmoid(1.702f * x); }

static inline float relu(float x) { return x > 0 ? x : 0; }

static const float inverse_root_2 = 0.70710678118654752f, inverse_root_2pi = 0.39894228040143268f;

// Φ(x), the normal distribution function, with e = exp(-x²/2): Abramowitz & Stegun 7.1.26 for erf, absolute error below
// 1.5e-7. libm's erff has no vector form.
static inline float normal_below(float x, float e) {
    float z = fabsf(x) * inverse_root_2;
    float t = 1 / (1 + 0.3275911f * z);
    float tail = 0.5f * e * t
        * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f))));
    return x > 0 ? 1 - tail : tail;
}

static inline float gelu(float x) { return x * normal_below(x, exponential(-0.5f * x * x)); }

static inline float gelu_derivative(float x) {
    float e = exponential(-0.5f * x * x);
    return normal_below(x, e) + x * inverse_root_2pi * e;
}
