#pragma once
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of bytes, continued from the checksum of those before them (0 at first).
uint32_t checksum_crc32c(uint32_t before, const void *bytes, size_t count);
