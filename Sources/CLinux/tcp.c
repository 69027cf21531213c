#define _GNU_SOURCE
#include "CLinux.h"
#include "addresses.h"

#include <errno.h>
#include <unistd.h>

int clinux_tcp_socket(bool is_ipv6) {
  int fd = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  return fd < 0 ? -errno : fd;
}

int clinux_connect(int fd, bool is_ipv6, const clinux_address *address) {
  struct sockaddr_in6 storage;
  socklen_t length = sockaddr_of(&storage, is_ipv6, address);
  if (connect(fd, (struct sockaddr *)&storage, length) == 0) return 1;
  // An interrupted attempt goes on by itself.
  return errno == EINPROGRESS || errno == EINTR ? 0 : -errno;
}

int clinux_listen(int fd, int backlog) { return listen(fd, backlog) < 0 ? -errno : 0; }

int clinux_accept(int fd, clinux_address *remote) {
  struct sockaddr_in6 storage;
  socklen_t length = sizeof storage;
  int accepted = accept4(fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted < 0) return -errno;
  set_sockaddr(remote, &storage);
  return accepted;
}

int64_t clinux_read(int fd, uint8_t *bytes, size_t count) {
  ssize_t taken;
  do taken = recv(fd, bytes, count, 0);
  while (taken < 0 && errno == EINTR);
  return taken < 0 ? -errno : taken;
}

int64_t clinux_write(int fd, const uint8_t *bytes, size_t count) {
  ssize_t written;
  do written = send(fd, bytes, count, MSG_NOSIGNAL);
  while (written < 0 && errno == EINTR);
  return written < 0 ? -errno : written;
}

int clinux_shutdown(int fd, bool both) { return shutdown(fd, both ? SHUT_RDWR : SHUT_WR) < 0 ? -errno : 0; }
