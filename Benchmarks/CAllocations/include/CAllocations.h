#pragma once
#include <stdint.h>

/// Allocations made by the calling thread since it began. Linking this target counts them.
uint64_t allocation_count(void);
