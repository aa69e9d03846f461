#include <stddef.h>

/// The file atlas.png (drawn by make_atlas.py), part of the binary so that it is found wherever the binary runs.
const unsigned char *catlas_bytes(void);

/// The number of bytes of the file.
size_t catlas_count(void);
