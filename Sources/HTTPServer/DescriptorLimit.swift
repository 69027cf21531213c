import Glibc

/// How many descriptors the process may have.
enum DescriptorLimit {
  /// What else a server has open: files, sockets of other kinds, the database.
  private static let reserve = 256

  /// Raises the soft limit as far as `connections` need and the hard limit lets it, and returns how many
  /// connections fit. Without room for a descriptor a listener can neither accept nor refuse.
  static func raise(for connections: Int) -> Int {
    var limit = rlimit()
    // getrlimit writes the whole structure and setrlimit reads it.
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return connections
    }
    let wanted = rlim_t(clamping: connections.addingReportingOverflow(reserve).partialValue)
    if limit.rlim_cur < wanted {
      let before = limit.rlim_cur
      limit.rlim_cur = min(limit.rlim_max, wanted)
      let code = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      if code != 0 { limit.rlim_cur = before }
    }
    return max(1, Int(clamping: limit.rlim_cur) - reserve)
  }
}
