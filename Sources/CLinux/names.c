#define _GNU_SOURCE
#include "CLinux.h"
#include "addresses.h"

#include <netdb.h>

int clinux_resolve(const char *name, clinux_address *addresses, size_t count) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
  struct addrinfo *list;
  int code = getaddrinfo(name, NULL, &hints, &list);
  if (code != 0) return code < 0 ? code : -code;
  size_t found = 0;
  for (struct addrinfo *entry = list; entry && found < count; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    struct sockaddr_in6 storage;
    memset(&storage, 0, sizeof storage);
    memcpy(&storage, entry->ai_addr, entry->ai_addrlen < sizeof storage ? entry->ai_addrlen : sizeof storage);
    set_sockaddr(&addresses[found++], &storage);
  }
  freeaddrinfo(list);
  return (int)found;
}

bool clinux_is_unknown_name(int code) {
#ifdef EAI_NODATA
  if (code == EAI_NODATA) return true;
#endif
  return code == EAI_NONAME;
}
