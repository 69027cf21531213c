#define _GNU_SOURCE
#include "CFaults.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local int script[64];
static _Thread_local size_t script_length, script_position;

void script_sendmmsg(const int *steps, size_t count) {
  script_length = count < 64 ? count : 64;
  script_position = 0;
  memcpy(script, steps, script_length * sizeof *steps);
}

size_t remaining_steps(void) { return script_length - script_position; }

// Stands in front of the C library's.
int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  int step = script_position < script_length ? script[script_position++] : 0;
  if (step > 0) {
    errno = step;
    return -1;
  }
  if (step < 0 && count > (unsigned)-step) count = (unsigned)-step;
  return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}
