// The definition in the test executable takes precedence over the C library's for every shared
// library of the process, so that OpenSSL's retransmission timer runs in virtual time.
#include "CVirtualTime.h"

#include <sys/time.h>
#include <time.h>

static _Thread_local int64_t now = -1;
static _Thread_local int64_t reads = 0;

void virtual_time_set(int64_t microseconds) { now = microseconds; }

int64_t virtual_time_reads(void) { return reads; }

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  if (now >= 0) {
    reads += 1;
    time->tv_sec = now / 1000000;
    time->tv_usec = now % 1000000;
    return 0;
  }
  struct timespec real;
  int result = clock_gettime(CLOCK_REALTIME, &real);
  time->tv_sec = real.tv_sec;
  time->tv_usec = real.tv_nsec / 1000;
  return result;
}
