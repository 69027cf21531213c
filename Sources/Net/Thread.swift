import CLinux
import Glibc

/// Carries a thread's body through the C interface.
private final class ThreadBody: Sendable {
  let name: String
  let run: @Sendable () -> Void

  init(name: String, run: @escaping @Sendable () -> Void) {
    self.name = name
    self.run = run
  }
}

/// Starts a thread that takes no signals. It must be joined or detached.
func startThread(
  name: String, _ run: @escaping @Sendable () -> Void
) throws(SystemError) -> pthread_t {
  // The reference is handed over to the new thread, which releases it when it has taken the body out.
  let body = unsafe Unmanaged.passRetained(ThreadBody(name: name, run: run))
  var thread = pthread_t()
  let result = unsafe pthread_create(
    &thread, nil,
    { context in
      guard let context = unsafe context else { return nil }
      let body = unsafe Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
      unsafe clinux_prepare_thread(body.name)
      body.run()
      return nil
    }, body.toOpaque())
  guard result == 0 else {
    unsafe body.release()
    throw SystemError("start the thread \(name)", code: result)
  }
  return thread
}
