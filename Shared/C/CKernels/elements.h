#pragma once
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

// A number of eight bits of mantissa: the upper half of an f32.
typedef uint16_t bf16;

static inline size_t atelier_size(int32_t type) { return type == ATELIER_BF16 ? sizeof(bf16) : sizeof(float); }

static inline float widened(bf16 x) {
    union { uint32_t bits; float value; } u = {.bits = (uint32_t)x << 16};
    return u.value;
}

// To nearest, ties to even. What a processor makes when a number is not one stays so.
static inline bf16 narrowed(float x) {
    union { float value; uint32_t bits; } u = {.value = x};
    return (bf16)((u.bits + 0x7fff + ((u.bits >> 16) & 1)) >> 16);
}
