// What Swift's Glibc module lacks of Linux, with plain integers at the border.
//
// Every function that can fail returns a negative errno. Arrays are passed with their length; no function keeps
// a pointer after it returned.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- Addresses ----

/// An IP address and a port. IPv4 lies in the low 32 bits of `low`; `family` is 4, 6 or 0 for none.
typedef struct {
  uint64_t high;
  uint64_t low;
  uint16_t port;
  uint8_t family;
} clinux_address;

// ---- UDP sockets (udp.c) ----

/// One received datagram: who sent it, which of our addresses it came to, and how long it is.
typedef struct {
  clinux_address remote;
  /// The destination address, where `clinux_report_destination` asked for it; otherwise family 0.
  clinux_address destination;
  uint32_t length;
  bool is_truncated;
} clinux_received;

/// One datagram to send: a piece of the arena, and the index of the next one of the same message, or -1.
typedef struct {
  uint32_t offset;
  uint32_t length;
  int32_t next;
} clinux_segment;

/// Datagrams of one length (the last may be shorter) to one destination, handed to the kernel as one.
typedef struct {
  clinux_address remote;
  /// The address to send from; family 0 leaves it to the routing table.
  clinux_address source;
  int32_t first_segment;
  int32_t last_segment;
  uint32_t byte_count;
  uint16_t segment_count;
  uint16_t segment_size;
  bool is_closed;
} clinux_message;

/// A non-blocking UDP socket, closed on exec.
int clinux_udp_socket(bool is_ipv6);
/// Binds to an address. An IPv4 address on an IPv6 socket is mapped.
int clinux_bind(int fd, bool is_ipv6, const clinux_address *address);
/// The address a socket is bound to.
int clinux_local_address(int fd, clinux_address *address);
/// Sets an option whose value is an int.
int clinux_set_option(int fd, int level, int name, int value);
/// Reads an option whose value is an int.
int clinux_get_option(int fd, int level, int name, int *value);
/// Has every received datagram carry its destination address.
int clinux_report_destination(int fd, bool is_ipv6);
/// Lets large datagrams be fragmented and disbelieves forged "fragmentation needed" messages.
int clinux_allow_fragments(int fd, bool is_ipv6);
/// Sets the bit that forbids fragmentation on what is sent from now on, and refuses what is too long for the way.
int clinux_forbid_fragments(int fd, bool is_ipv6);
/// Keeps ICMP messages that datagrams bring back for `clinux_receive_failure`.
int clinux_report_failures(int fd, bool is_ipv6);
/// Takes the next of these messages and tells where the datagram went. Returns 1 if there was one, 0 if not.
int clinux_receive_failure(int fd, clinux_address *remote, uint8_t *type, uint8_t *code);
/// Whether the kernel knows UDP segmentation offload (Linux 4.18).
bool clinux_has_segmentation(int fd);
/// Datagrams the kernel dropped because the receive buffer was full.
int clinux_kernel_drops(int fd, uint32_t *drops);

/// The most datagrams that one `clinux_receive` takes.
#define CLINUX_RECEIVE_BATCH 64
/// The most messages that one `clinux_send` sends.
#define CLINUX_SEND_BATCH 32
/// The most segments the kernel takes in one message.
#define CLINUX_SEGMENT_LIMIT 64

/// Receives up to `count` datagrams without waiting, the first into `slots`, each next one `slot_size` further.
/// Returns how many came.
int clinux_receive(
    int fd, bool wants_destination, uint8_t *slots, size_t slot_size, clinux_received *received, size_t count);

/// Sends up to `count` messages whose segments lie in `arena`. Returns how many were accepted, from the first on.
int clinux_send(
    int fd, bool is_ipv6, const uint8_t *arena, const clinux_segment *segments, const clinux_message *messages,
    size_t count);

/// Waits until a socket can take more, at most `timeout_ns`. Returns 1 if it can, 0 if not.
int clinux_wait_writable(int fd, int64_t timeout_ns);

/// Joins a multicast group on the interface with that index, and sends to groups by it. Other sockets of this
/// machine hear what is sent.
int clinux_join_multicast(int fd, const clinux_address *group, uint32_t interface_index);

// ---- TCP sockets (tcp.c) ----

/// A non-blocking TCP socket, closed on exec.
int clinux_tcp_socket(bool is_ipv6);
/// Begins to connect. Returns 1 if that is done at once, 0 if it is under way.
int clinux_connect(int fd, bool is_ipv6, const clinux_address *address);
/// Listens with room for `backlog` connections that nobody accepted yet.
int clinux_listen(int fd, int backlog);
/// Takes the next connection, non-blocking, closed on exec, and tells who made it.
int clinux_accept(int fd, clinux_address *remote);
/// Reads up to `count` bytes. Returns 0 at the end.
int64_t clinux_read(int fd, uint8_t *bytes, size_t count);
/// Writes up to `count` bytes. A broken connection is an error and no signal.
int64_t clinux_write(int fd, const uint8_t *bytes, size_t count);
/// Tells the other side that no more will come, and with `both` reads no more either.
int clinux_shutdown(int fd, bool both);

// ---- Names (names.c) ----

/// Asks the system for the addresses of a name; waits as long as that takes. Fills in up to `count` and returns how
/// many, 0 where the name has none, or a negative `EAI_` code.
int clinux_resolve(const char *name, clinux_address *addresses, size_t count);
/// Whether such a code says that there is no such name.
bool clinux_is_unknown_name(int code);

// ---- Event loop (loop.c) ----

/// A descriptor that became ready.
typedef struct {
  int32_t fd;
  bool is_readable;
  bool is_writable;
  bool is_closed;
} clinux_event;

/// An epoll instance, closed on exec.
int clinux_epoll(void);
/// A counter that wakes an epoll, non-blocking, closed on exec.
int clinux_eventfd(void);
/// Adds 1 to the counter.
void clinux_eventfd_signal(int fd);
/// Sets the counter to zero.
void clinux_eventfd_clear(int fd);
/// Watches `fd`, or changes what is watched. Level-triggered.
int clinux_epoll_watch(int epoll, int fd, bool readable, bool writable);
/// Forgets `fd`.
int clinux_epoll_unwatch(int epoll, int fd);
/// Waits for events, at most `timeout_ns`, or without end where that is negative. Returns how many came.
int clinux_epoll_wait(int epoll, clinux_event *events, size_t count, int64_t timeout_ns);
/// Waits until one descriptor is readable, at most `timeout_ns`. Returns 1 if it is, 0 if not.
int clinux_wait_readable(int fd, int64_t timeout_ns);

/// Names the calling thread (15 bytes are kept) and blocks every signal in it.
void clinux_prepare_thread(const char *name);

// ---- Interfaces (interfaces.c) ----

/// One address of a network interface that is up.
typedef struct {
  clinux_address address;
  uint32_t index;
  bool is_loopback;
  bool is_point_to_point;
  char name[16];
} clinux_interface;

/// Fills in up to `count` addresses and returns how many there are in all.
int clinux_interfaces(clinux_interface *interfaces, size_t count);

// ---- Signals (signals.c) ----

/// Catches `signal` from now on: each one writes its number as one byte into a pipe that all signals share.
/// Returns the pipe's reading end.
int clinux_catch_signal(int signal);
/// Ignores SIGPIPE, so that writing to a closed connection is an error instead of the end.
void clinux_ignore_broken_pipe(void);
/// Reads the next signal number, waiting for it. Returns 0 at the end of the pipe.
int clinux_next_signal(int fd);
