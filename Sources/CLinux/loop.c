#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define EVENT_BATCH 64

int clinux_epoll(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int clinux_eventfd(void) {
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

void clinux_eventfd_signal(int fd) {
  // Only a full counter refuses, and then the reader is awake already.
  eventfd_write(fd, 1);
}

void clinux_eventfd_clear(int fd) {
  eventfd_t value;
  eventfd_read(fd, &value);
}

int clinux_epoll_watch(int epoll, int fd, bool readable, bool writable) {
  struct epoll_event event = {
      .events = (readable ? EPOLLIN | EPOLLRDHUP : 0) | (writable ? EPOLLOUT : 0), .data.fd = fd};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
  if (errno != EEXIST) return -errno;
  return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

int clinux_epoll_unwatch(int epoll, int fd) {
  return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) < 0 ? -errno : 0;
}

/// Waits with nanoseconds where the kernel can (Linux 5.11), with whole milliseconds, rounded up, where it cannot.
static int wait_precisely(int epoll, struct epoll_event *events, int count, int64_t timeout_ns) {
  static atomic_bool lacks_nanoseconds;
  if (!atomic_load_explicit(&lacks_nanoseconds, memory_order_relaxed)) {
    struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    int ready = epoll_pwait2(epoll, events, count, timeout_ns < 0 ? NULL : &timeout, NULL);
    if (ready >= 0 || (errno != ENOSYS && errno != EPERM)) return ready;
    atomic_store_explicit(&lacks_nanoseconds, true, memory_order_relaxed);
  }
  int64_t milliseconds = timeout_ns < 0 ? -1 : timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
  return epoll_wait(epoll, events, count, milliseconds > INT_MAX ? INT_MAX : (int)milliseconds);
}

int clinux_epoll_wait(int epoll, clinux_event *events, size_t count, int64_t timeout_ns) {
  struct epoll_event ready[EVENT_BATCH];
  if (count > EVENT_BATCH) count = EVENT_BATCH;
  int taken = wait_precisely(epoll, ready, (int)count, timeout_ns);
  if (taken < 0) return -errno;
  for (int i = 0; i < taken; i++) {
    uint32_t flags = ready[i].events;
    events[i] = (clinux_event){
        .fd = ready[i].data.fd,
        .is_readable = flags & EPOLLIN,
        .is_writable = flags & EPOLLOUT,
        .is_closed = flags & (EPOLLERR | EPOLLHUP | EPOLLRDHUP),
    };
  }
  return taken;
}

void clinux_prepare_thread(const char *name) {
  char kept[16];
  strncpy(kept, name, sizeof kept - 1);
  kept[sizeof kept - 1] = 0;
  pthread_setname_np(pthread_self(), kept);
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
}
