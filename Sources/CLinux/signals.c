#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static atomic_int writing_end = -1;
static int reading_end = -1;
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/// Runs inside the signal: write(2) is one of the few things allowed there.
static void note_signal(int signal) {
  int saved = errno;
  uint8_t byte = (uint8_t)signal;
  ssize_t written = write(atomic_load(&writing_end), &byte, 1);
  (void)written;
  errno = saved;
}

static int open_pipe(void) {
  int ends[2];
  if (reading_end >= 0) return reading_end;
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  // The writer must never wait inside a signal; the reader should.
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  reading_end = ends[0];
  atomic_store(&writing_end, ends[1]);
  return reading_end;
}

int clinux_catch_signal(int signal) {
  pthread_mutex_lock(&opening);
  int fd = open_pipe();
  pthread_mutex_unlock(&opening);
  if (fd < 0) return fd;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  return sigaction(signal, &action, NULL) < 0 ? -errno : fd;
}

void clinux_ignore_broken_pipe(void) { signal(SIGPIPE, SIG_IGN); }

int clinux_next_signal(int fd) {
  uint8_t byte;
  for (;;) {
    ssize_t taken = read(fd, &byte, 1);
    if (taken == 1) return byte;
    if (taken == 0) return 0;
    if (errno != EINTR) return -errno;
  }
}
