// Addresses between our border and the C library's; for the sources here alone.
#pragma once

#include "CLinux.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define MAPPED_PREFIX 0xffffull

static inline void put64(uint8_t *bytes, uint64_t value) {
  for (int i = 7; i >= 0; i--) {
    bytes[i] = (uint8_t)value;
    value >>= 8;
  }
}

static inline uint64_t get64(const uint8_t *bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
  return value;
}

static inline struct in6_addr in6_of(const clinux_address *address) {
  struct in6_addr in6;
  if (address->family == 4) {
    put64(in6.s6_addr, 0);
    put64(in6.s6_addr + 8, MAPPED_PREFIX << 32 | (address->low & 0xffffffff));
  } else {
    put64(in6.s6_addr, address->high);
    put64(in6.s6_addr + 8, address->low);
  }
  return in6;
}

static inline void set_in6(clinux_address *address, const struct in6_addr *in6) {
  uint64_t high = get64(in6->s6_addr), low = get64(in6->s6_addr + 8);
  bool is_mapped = high == 0 && low >> 32 == MAPPED_PREFIX;
  address->family = is_mapped ? 4 : 6;
  address->high = high;
  address->low = is_mapped ? low & 0xffffffff : low;
}

static inline void set_in4(clinux_address *address, struct in_addr in4) {
  address->family = 4;
  address->high = 0;
  address->low = ntohl(in4.s_addr);
}

static inline socklen_t sockaddr_of(struct sockaddr_in6 *storage, bool is_ipv6, const clinux_address *address) {
  memset(storage, 0, sizeof *storage);
  if (is_ipv6) {
    storage->sin6_family = AF_INET6;
    storage->sin6_port = htons(address->port);
    storage->sin6_addr = in6_of(address);
    return sizeof *storage;
  }
  struct sockaddr_in *in4 = (struct sockaddr_in *)storage;
  in4->sin_family = AF_INET;
  in4->sin_port = htons(address->port);
  in4->sin_addr.s_addr = htonl((uint32_t)address->low);
  return sizeof *in4;
}

static inline void set_sockaddr(clinux_address *address, const struct sockaddr_in6 *storage) {
  if (storage->sin6_family == AF_INET6) {
    set_in6(address, &storage->sin6_addr);
    address->port = ntohs(storage->sin6_port);
  } else {
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)storage;
    set_in4(address, in4->sin_addr);
    address->port = ntohs(in4->sin_port);
  }
}
