#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

static uint64_t half_of(const uint8_t *bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
  return value;
}

static bool describe(const struct ifaddrs *entry, clinux_interface *interface) {
  memset(interface, 0, sizeof *interface);
  if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP)) return false;
  if (entry->ifa_addr->sa_family == AF_INET) {
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)entry->ifa_addr;
    interface->address.family = 4;
    interface->address.low = ntohl(in4->sin_addr.s_addr);
  } else if (entry->ifa_addr->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)entry->ifa_addr;
    interface->address.family = 6;
    interface->address.high = half_of(in6->sin6_addr.s6_addr);
    interface->address.low = half_of(in6->sin6_addr.s6_addr + 8);
  } else {
    return false;
  }
  interface->is_loopback = entry->ifa_flags & IFF_LOOPBACK;
  interface->is_point_to_point = entry->ifa_flags & IFF_POINTOPOINT;
  strncpy(interface->name, entry->ifa_name, sizeof interface->name - 1);
  return true;
}

int clinux_interfaces(clinux_interface *interfaces, size_t count) {
  struct ifaddrs *list;
  if (getifaddrs(&list) < 0) return -errno;
  size_t found = 0;
  for (struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
    clinux_interface interface;
    if (!describe(entry, &interface)) continue;
    if (found < count) interfaces[found] = interface;
    found++;
  }
  freeifaddrs(list);
  return (int)found;
}
