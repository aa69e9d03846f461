#pragma once
#include <stdint.h>

#include "CKernels.h"

// One machine code per instruction set, chosen when the library is loaded: too early for a sanitizer's calls.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define KERNEL
#endif
#endif
#if defined(KERNEL)
#elif defined(__x86_64__)
#define KERNEL __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define KERNEL
#endif

typedef void (*atelier_body)(void *arguments, int64_t begin, int64_t end);

// Runs body over [0, count) in one contiguous range a thread; a range is never shorter than grain.
void atelier_parallel(int64_t count, int64_t grain, atelier_body body, void *arguments);

// A buffer that belongs to the calling thread and lives until it is asked for more. 64-byte aligned.
float *atelier_scratch(int64_t count);
