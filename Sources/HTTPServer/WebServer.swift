import Glibc
import Synchronization

/// A web server: requests, static files and WebSockets on one port, served by a thread of its own. Handlers
/// run as tasks.
public final class WebServer: Sendable {
  private enum State {
    case idle
    case starting
    case running(port: UInt16, thread: pthread_t)
    case stopped
  }

  private let configuration: Configuration
  private let routes: Routes
  private let mailbox = Mailbox()
  private let ended = Occasion()
  private let state = Mutex(State.idle)

  /// A server that does not listen yet.
  public init(configuration: Configuration = Configuration(), routes: Routes) {
    self.configuration = configuration
    self.routes = routes
  }

  /// The port it listens on; nil unless it runs.
  public var port: UInt16? {
    state.withLock { if case .running(let port, _) = $0 { port } else { nil } }
  }

  /// Listens. Returns once clients can connect.
  public func start() async throws(HTTPServerError) {
    let isFirst = state.withLock { state in
      guard case .idle = state else { return false }
      state = .starting
      return true
    }
    guard isFirst else { throw .alreadyStarted }
    var thread: pthread_t?
    let result = await withCheckedContinuation { continuation in
      let orders = ServiceThread.Orders(
        configuration: configuration, settings: settings, routes: routes, mailbox: mailbox,
        started: { continuation.resume(returning: $0) }, ended: { [ended] in ended.happen() })
      do throws(HTTPServerError) {
        thread = try ServiceThread.start(orders)
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    switch (result, thread) {
    case (.success(let port), let thread?):
      state.withLock { $0 = .running(port: port, thread: thread) }
    case (.success, nil): state.withLock { $0 = .stopped }
    case (.failure(let error), let thread):
      state.withLock { $0 = .stopped }
      if let thread { pthread_join(thread, nil) }
      throw error
    }
  }

  /// Stops listening, closes every WebSocket with 1001, lets requests in hand finish within the configured
  /// time, and ends the thread.
  public func stop() async {
    let thread = state.withLock { state -> pthread_t? in
      guard case .running(_, let thread) = state else { return nil }
      state = .stopped
      return thread
    }
    guard let thread else { return }
    mailbox.post(.stop)
    await ended.wait()
    // The thread has done everything but return.
    pthread_join(thread, nil)
  }

  private var settings: SessionSettings {
    var configuration = configuration
    let wanted = configuration.limits.connections
    configuration.limits.connections = min(wanted, DescriptorLimit.raise(for: wanted))
    return SessionSettings(configuration, webSocketPaths: Set(routes.webSockets.keys)) {
      HTTPDate.text(secondsSince1970: Int64(time(nil)))
    }
  }
}
