#define _GNU_SOURCE
#include "CLinux.h"
#include "addresses.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>

static bool describe(const struct ifaddrs *entry, clinux_interface *interface) {
  memset(interface, 0, sizeof *interface);
  if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP)) return false;
  if (entry->ifa_addr->sa_family == AF_INET) {
    set_in4(&interface->address, ((const struct sockaddr_in *)entry->ifa_addr)->sin_addr);
  } else if (entry->ifa_addr->sa_family == AF_INET6) {
    const struct in6_addr *in6 = &((const struct sockaddr_in6 *)entry->ifa_addr)->sin6_addr;
    interface->address.family = 6;
    interface->address.high = get64(in6->s6_addr);
    interface->address.low = get64(in6->s6_addr + 8);
  } else {
    return false;
  }
  interface->index = if_nametoindex(entry->ifa_name);
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
