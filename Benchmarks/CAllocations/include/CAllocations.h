#pragma once
#include <stdint.h>

/// Allocations made by the calling thread since it began. Linking this target counts them.
uint64_t allocation_count(void);

/// Bytes of the heap that are in use.
uint64_t heap_byte_count(void);
