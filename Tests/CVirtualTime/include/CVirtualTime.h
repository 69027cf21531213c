#pragma once
#include <stdint.h>

/// Makes `gettimeofday` answer this, in microseconds since 1970, on the calling thread; a negative
/// value brings the real time back.
void virtual_time_set(int64_t microseconds);

/// How often `gettimeofday` answered with a virtual time on the calling thread.
int64_t virtual_time_reads(void);
