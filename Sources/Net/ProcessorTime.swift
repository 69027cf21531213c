import Glibc
public import Wire

/// Time that the cores have spent.
public enum ProcessorTime {
  /// By all threads of this process, in the kernel and out of it; nil where the system does not tell.
  public static var ofProcess: Duration? {
    var usage = rusage()
    // The kernel fills the value during the call.
    guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
    return duration(usage.ru_utime) + duration(usage.ru_stime)
  }

  private static func duration(_ time: timeval) -> Duration {
    .seconds(Int64(time.tv_sec)) + .microseconds(Int64(time.tv_usec))
  }
}
