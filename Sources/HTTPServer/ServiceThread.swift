import Glibc

/// A libwebsockets context with one listener, and the thread that serves it.
///
/// libwebsockets has the sockets, TLS, timers and the loop; its connections are of its raw kind, so every
/// byte passes our own readers (docs/design/http.md says why).
enum ServiceThread {
  /// What the thread is started with.
  struct Orders: Sendable {
    var configuration: Configuration
    var settings: SessionSettings
    var routes: Routes
    var mailbox: Mailbox
    /// Called once with the port, or with why there is none.
    var started: @Sendable (Result<UInt16, HTTPServerError>) -> Void
    var ended: @Sendable () -> Void
  }

  private final class Parcel {
    let orders: Orders
    init(_ orders: Orders) { self.orders = orders }
  }

  /// Starts the thread.
  static func start(_ orders: Orders) throws(HTTPServerError) -> pthread_t {
    let parcel = unsafe Unmanaged.passRetained(Parcel(orders))
    var thread = pthread_t()
    // The thread takes over the reference to its orders.
    let code = unsafe pthread_create(
      &thread, nil,
      { parcel in
        if let parcel = unsafe parcel {
          let orders = unsafe Unmanaged<Parcel>.fromOpaque(parcel).takeRetainedValue().orders
          ServiceThread.run(orders)
        }
        return nil
      }, parcel.toOpaque())
    guard code == 0 else {
      unsafe parcel.release()
      throw .system(operation: "pthread_create", reason: SocketAddress.reason(code))
    }
    return thread
  }

  private static func run(_ orders: Orders) {
    let service = Service(
      settings: orders.settings, routes: orders.routes, mailbox: orders.mailbox)
    do throws(HTTPServerError) {
      let listener = try Listener(orders.configuration, service: service)
      orders.mailbox.open(context: listener.address)
      orders.started(.success(listener.port))
      while !service.isDone, listener.serve() {}
      orders.mailbox.close()
      listener.close()
    } catch {
      orders.started(.failure(error))
    }
    orders.ended()
  }
}
