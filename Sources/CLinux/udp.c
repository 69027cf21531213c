#define _GNU_SOURCE
#include "CLinux.h"
#include "addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

int clinux_udp_socket(bool is_ipv6) {
  int fd = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  return fd < 0 ? -errno : fd;
}

int clinux_bind(int fd, bool is_ipv6, const clinux_address *address) {
  struct sockaddr_in6 storage;
  socklen_t length = sockaddr_of(&storage, is_ipv6, address);
  return bind(fd, (struct sockaddr *)&storage, length) < 0 ? -errno : 0;
}

int clinux_local_address(int fd, clinux_address *address) {
  struct sockaddr_in6 storage;
  socklen_t length = sizeof storage;
  if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
  set_sockaddr(address, &storage);
  return 0;
}

int clinux_set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) < 0 ? -errno : 0;
}

int clinux_get_option(int fd, int level, int name, int *value) {
  socklen_t length = sizeof *value;
  return getsockopt(fd, level, name, value, &length) < 0 ? -errno : 0;
}

int clinux_report_destination(int fd, bool is_ipv6) {
  return is_ipv6 ? clinux_set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                 : clinux_set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

int clinux_allow_fragments(int fd, bool is_ipv6) {
  if (!is_ipv6) return clinux_set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  // A dual-stack socket sends IPv4 too; one that is IPv6 only refuses the second option, which is fine.
  int result = clinux_set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
  clinux_set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  return result;
}

int clinux_forbid_fragments(int fd, bool is_ipv6) {
  if (!is_ipv6) return clinux_set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
  int result = clinux_set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
  clinux_set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
  return result;
}

int clinux_report_failures(int fd, bool is_ipv6) {
  return is_ipv6 ? clinux_set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1)
                 : clinux_set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
}

int clinux_receive_failure(int fd, clinux_address *remote, uint8_t *type, uint8_t *code) {
  // What the machine itself refused stands in the same queue.
  for (int attempts = 0; attempts < 64; attempts++) {
    struct sockaddr_in6 name;
    union {
      char bytes[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6))];
      struct cmsghdr alignment;
    } control;
    struct msghdr header = {
        .msg_name = &name, .msg_namelen = sizeof name, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
      bool is_failure = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                        (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
      struct sock_extended_err error;
      if (!is_failure) continue;
      memcpy(&error, CMSG_DATA(c), sizeof error);
      if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6) continue;
      set_sockaddr(remote, &name);
      *type = error.ee_type;
      *code = error.ee_code;
      return 1;
    }
  }
  return 0;
}

bool clinux_has_segmentation(int fd) {
  int size;
  return clinux_get_option(fd, IPPROTO_UDP, UDP_SEGMENT, &size) == 0;
}

int clinux_kernel_drops(int fd, uint32_t *drops) {
  uint32_t info[SK_MEMINFO_VARS];
  socklen_t length = sizeof info;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0) return -errno;
  *drops = length > SK_MEMINFO_DROPS * sizeof *info ? info[SK_MEMINFO_DROPS] : 0;
  return 0;
}

// Large enough for UDP_SEGMENT and one packet-info message of either family, aligned for both.
typedef union {
  char bytes[CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
  struct cmsghdr alignment;
} control_buffer;

static void read_destination(struct msghdr *header, clinux_address *destination) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      // The address of ours that took it, also where it was sent to a group.
      set_in4(destination, info.ipi_spec_dst);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      set_in6(destination, &info.ipi6_addr);
    }
  }
}

int clinux_receive(
    int fd, bool wants_destination, uint8_t *slots, size_t slot_size, clinux_received *received, size_t count) {
  struct mmsghdr headers[CLINUX_RECEIVE_BATCH];
  struct iovec pieces[CLINUX_RECEIVE_BATCH];
  struct sockaddr_in6 names[CLINUX_RECEIVE_BATCH];
  control_buffer controls[CLINUX_RECEIVE_BATCH];
  if (count > CLINUX_RECEIVE_BATCH) count = CLINUX_RECEIVE_BATCH;
  for (size_t i = 0; i < count; i++) {
    pieces[i] = (struct iovec){.iov_base = slots + i * slot_size, .iov_len = slot_size};
    headers[i].msg_hdr = (struct msghdr){
        .msg_name = &names[i],
        .msg_namelen = sizeof names[i],
        .msg_iov = &pieces[i],
        .msg_iovlen = 1,
        .msg_control = wants_destination ? &controls[i] : NULL,
        .msg_controllen = wants_destination ? sizeof controls[i] : 0,
    };
  }
  int taken = recvmmsg(fd, headers, (unsigned)count, MSG_DONTWAIT, NULL);
  if (taken < 0) return -errno;
  for (int i = 0; i < taken; i++) {
    set_sockaddr(&received[i].remote, &names[i]);
    received[i].destination.family = 0;
    if (wants_destination) read_destination(&headers[i].msg_hdr, &received[i].destination);
    received[i].length = headers[i].msg_len;
    received[i].is_truncated = headers[i].msg_hdr.msg_flags & MSG_TRUNC;
  }
  return taken;
}

static void add_control(struct msghdr *header, int level, int type, const void *value, size_t size) {
  struct cmsghdr *c = (struct cmsghdr *)((char *)header->msg_control + header->msg_controllen);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(c), value, size);
  header->msg_controllen += CMSG_SPACE(size);
}

static void add_source(struct msghdr *header, bool is_ipv6, const clinux_address *source) {
  if (is_ipv6) {
    struct in6_pktinfo info = {.ipi6_addr = in6_of(source)};
    add_control(header, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
  } else {
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl((uint32_t)source->low)};
    add_control(header, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
  }
}

/// Gathers the pieces of a message, one for each stretch of the arena without a gap.
static size_t gather(
    struct iovec *pieces, const uint8_t *arena, const clinux_segment *segments, const clinux_message *message) {
  size_t count = 0;
  const uint8_t *end = NULL;
  int32_t i = message->first_segment;
  for (int left = message->segment_count; i >= 0 && left > 0 && count < CLINUX_SEGMENT_LIMIT; left--) {
    const uint8_t *start = arena + segments[i].offset;
    if (start == end) {
      pieces[count - 1].iov_len += segments[i].length;
    } else {
      pieces[count++] = (struct iovec){.iov_base = (void *)start, .iov_len = segments[i].length};
    }
    end = start + segments[i].length;
    i = segments[i].next;
  }
  return count;
}

int clinux_send(
    int fd, bool is_ipv6, const uint8_t *arena, const clinux_segment *segments, const clinux_message *messages,
    size_t count) {
  struct mmsghdr headers[CLINUX_SEND_BATCH];
  struct iovec pieces[CLINUX_SEND_BATCH * CLINUX_SEGMENT_LIMIT];
  struct sockaddr_in6 names[CLINUX_SEND_BATCH];
  control_buffer controls[CLINUX_SEND_BATCH];
  if (count > CLINUX_SEND_BATCH) count = CLINUX_SEND_BATCH;
  struct iovec *next = pieces;
  for (size_t i = 0; i < count; i++) {
    const clinux_message *message = &messages[i];
    struct msghdr *header = &headers[i].msg_hdr;
    *header = (struct msghdr){.msg_name = &names[i], .msg_control = &controls[i], .msg_iov = next};
    header->msg_namelen = sockaddr_of(&names[i], is_ipv6, &message->remote);
    header->msg_iovlen = gather(next, arena, segments, message);
    next += header->msg_iovlen;
    if (message->segment_count > 1) {
      add_control(header, IPPROTO_UDP, UDP_SEGMENT, &message->segment_size, sizeof message->segment_size);
    }
    if (message->source.family != 0) add_source(header, is_ipv6, &message->source);
    if (header->msg_controllen == 0) header->msg_control = NULL;
  }
  int sent = sendmmsg(fd, headers, (unsigned)count, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? -errno : sent;
}

static int wait_for(int fd, short events, int64_t timeout_ns) {
  struct pollfd item = {.fd = fd, .events = events};
  struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  int ready = ppoll(&item, 1, timeout_ns < 0 ? NULL : &timeout, NULL);
  return ready < 0 ? -errno : ready;
}

int clinux_wait_writable(int fd, int64_t timeout_ns) { return wait_for(fd, POLLOUT, timeout_ns); }

int clinux_wait_readable(int fd, int64_t timeout_ns) { return wait_for(fd, POLLIN, timeout_ns); }

static int join_ipv4(int fd, const clinux_address *group, uint32_t interface_index) {
  struct ip_mreqn request = {.imr_multiaddr.s_addr = htonl((uint32_t)group->low), .imr_ifindex = (int)interface_index};
  // Only what was asked for here, not the groups of every other socket too.
  int result = clinux_set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  if (result < 0) return result;
  if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) < 0) return -errno;
  if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) < 0) return -errno;
  result = clinux_set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
  return result < 0 ? result : clinux_set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, 255);
}

static int join_ipv6(int fd, const clinux_address *group, uint32_t interface_index) {
  struct ipv6_mreq request = {.ipv6mr_multiaddr = in6_of(group), .ipv6mr_interface = interface_index};
  if (setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof request) < 0) return -errno;
  int result = clinux_set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)interface_index);
  if (result < 0) return result;
  result = clinux_set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
  return result < 0 ? result : clinux_set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255);
}

int clinux_join_multicast(int fd, const clinux_address *group, uint32_t interface_index) {
  return group->family == 4 ? join_ipv4(fd, group, interface_index) : join_ipv6(fd, group, interface_index);
}
