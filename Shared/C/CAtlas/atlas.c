#include "CAtlas.h"

// C23's #embed compiles in milliseconds; the same bytes as a Swift array literal take half a minute.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char bytes[] = {
#embed "atlas.png"
};

const unsigned char *catlas_bytes(void) { return bytes; }

size_t catlas_count(void) { return sizeof bytes; }
