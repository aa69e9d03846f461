#include <stdint.h>

/// The descriptors that connections leave to the process's own files, of so many in all: a quarter, and 64 at the most.
uint64_t atelier_reserved_descriptors(uint64_t limit);

/// Connections that were turned away since the process began, because they would have taken one of those.
uint64_t atelier_turned_away(void);
