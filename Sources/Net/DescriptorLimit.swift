import Glibc

/// How many descriptors the process may have: mostly 1,024 until it asks for more.
public enum DescriptorLimit {
  /// Raises the limit as far as the system lets it, and returns what it is then.
  @discardableResult
  public static func raise() -> Int {
    var limit = rlimit()
    // getrlimit writes the whole structure and setrlimit reads it.
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return 1024
    }
    let before = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    if unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
      limit.rlim_cur = before
    }
    return Int(clamping: limit.rlim_cur)
  }
}
