#include "CChecksum.h"
#include <string.h>

// The reflected polynomial of CRC-32C.
#define POLYNOMIAL 0x82F63B78u

static uint32_t table[256];

__attribute__((constructor)) static void fill_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t remainder = byte;
        for (int bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ ((remainder & 1) ? POLYNOMIAL : 0);
        table[byte] = remainder;
    }
}

static uint32_t with_table(uint32_t state, const uint8_t *bytes, size_t count) {
    while (count--) state = table[(state ^ *bytes++) & 0xff] ^ (state >> 8);
    return state;
}

#if defined(__x86_64__)
// SSE 4.2 has the instruction; eight bytes a turn.
__attribute__((target("sse4.2"))) static uint32_t with_instruction(uint32_t state, const uint8_t *bytes, size_t count) {
    uint64_t wide = state;
    for (; count >= 8; count -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    return with_table((uint32_t)wide, bytes, count);
}
#endif

uint32_t checksum_crc32c(uint32_t before, const void *bytes, size_t count) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return ~with_instruction(~before, bytes, count);
#endif
    return ~with_table(~before, bytes, count);
}
