import Foundation
import Glibc
import Synchronization
import Testing

@testable import HTTPServer

/// Runs blocking code on a thread of its own, so that it does not take one the server's handlers need.
func blocking<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
  }
}

/// A TCP client that sends what it is told, byte for byte, and gives up waiting after 60 s.
final class RawClient: Sendable {
  struct Failure: Error { var what: String }

  /// A response as it came.
  struct Response: Sendable {
    var status: Int
    var fields: HTTPFields
    var body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// A frame as it came.
  struct Frame: Sendable, Equatable {
    var opcode: UInt8
    var payload: [UInt8]
    var closeCode: Int? {
      opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil
    }
  }

  let descriptor: CInt
  private let received = Mutex<[UInt8]>([])

  init(port: UInt16, receiveBuffer: CInt? = nil) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var wait = timeval(tv_sec: 60, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, size)
    if var receiveBuffer {
      let size = socklen_t(MemoryLayout<CInt>.size)
      unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, size)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Failure(what: "connect: \(errno)") }
  }

  deinit { close(descriptor) }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBufferPointer {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(what: "send: \(errno)") }
      rest = rest.dropFirst(count)
    }
  }

  /// Whether the socket takes bytes before so many milliseconds have passed.
  func canSend(within milliseconds: CInt) -> Bool {
    var event = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&event, 1, milliseconds) == 1
  }

  /// Sends what the socket takes now and says how much that was.
  func sendSome(_ bytes: ArraySlice<UInt8>) -> Int {
    let count = unsafe bytes.withUnsafeBufferPointer {
      let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
      return unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, flags)
    }
    return max(0, count)
  }

  /// False at the end of the stream; a reset counts as the end.
  private func more() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
    if count < 0, errno == ECONNRESET { return false }
    guard count >= 0 else { throw Failure(what: "nothing came: \(errno)") }
    received.withLock { $0 += buffer[..<count] }
    return count > 0
  }

  func take(_ count: Int) throws -> [UInt8] {
    while received.withLock({ $0.count }) < count {
      guard try more() else { throw Failure(what: "closed too early") }
    }
    return received.withLock { received in
      defer { received.removeFirst(count) }
      return Array(received[..<count])
    }
  }

  /// All that comes until the server closes.
  func rest() throws -> [UInt8] {
    while try more() {}
    return received.withLock { received in
      defer { received = [] }
      return received
    }
  }

  /// Whether the server closes without another byte.
  func isClosed() throws -> Bool { try rest().isEmpty }

  func response(hasBody: Bool = true) throws -> Response {
    let separator = Array("\r\n\r\n".utf8)
    var end: Int?
    while end == nil {
      end = received.withLock { received in
        received.indices.first { received[$0...].starts(with: separator) }
      }
      if end == nil, try !more() { throw Failure(what: "closed before a response") }
    }
    let head = String(decoding: try take((end ?? 0) + 4), as: UTF8.self)
    let lines = head.split(separator: "\r\n")
    var fields = HTTPFields()
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      fields.append(String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
    }
    let status = Int(lines[0].split(separator: " ")[1]) ?? 0
    let length = hasBody ? Int(fields["Content-Length"] ?? "0") ?? 0 : 0
    return Response(status: status, fields: fields, body: try take(length))
  }

  func frame() throws -> Frame {
    let start = try take(2)
    var count = Int(start[1] & 0x7F)
    if count == 126 { count = try take(2).reduce(0) { $0 << 8 | Int($1) } }
    if count == 127 { count = try take(8).reduce(0) { $0 << 8 | Int($1) } }
    return Frame(opcode: start[0] & 0x0F, payload: try take(count))
  }

  /// Opens a WebSocket and returns the response to it.
  @discardableResult
  func upgrade(_ path: String = "/echo", fields: String = "") throws -> Response {
    try send(
      "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + fields + "\r\n")
    return try response()
  }

  /// A masked frame.
  static func frame(
    _ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, reserved: UInt8 = 0,
    length: Int? = nil
  ) -> [UInt8] {
    let mask: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
    let count = length ?? payload.count
    var frame = [(isFinal ? 0x80 : 0) | reserved | opcode]
    if count < 126 {
      frame.append(0x80 | UInt8(count))
    } else if count < 65536 {
      frame += [0x80 | 126, UInt8(count >> 8), UInt8(count & 255)]
    } else {
      frame.append(0x80 | 127)
      frame += stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> $0) }
    }
    frame += mask
    frame += payload.enumerated().map { $1 ^ mask[$0 & 3] }
    return frame
  }

  static func text(_ text: String) -> [UInt8] { frame(1, Array(text.utf8)) }
}

/// A server with an echoing WebSocket under `/echo`, for as long as `body` runs.
func withServer(
  configuration: Configuration = LimitTests.limits { _ in }, routes: Routes = .testing,
  _ body: (UInt16) async throws -> Void
) async throws {
  let server = WebServer(configuration: configuration, routes: routes)
  try await server.start()
  do {
    try await body(server.port ?? 0)
  } catch {
    await server.stop()
    throw error
  }
  let took = await ContinuousClock().measure { await server.stop() }
  // Far more than it takes, for a machine that has no time.
  #expect(took < .seconds(90))
}

extension Routes {
  static let echo: WebSocketHandler = { socket in
    for await message in socket.incoming {
      switch message {
      case .text(let text): socket.send(text)
      case .binary(let bytes): socket.send(bytes)
      }
    }
  }

  static let testing = Routes(
    webSockets: ["/echo": echo],
    files: StaticFiles(table: [
      "/index.html": Array("<!doctype html><title>x</title>".utf8),
      "/app.js": Array(String(repeating: "export const a = 1;\n", count: 100).utf8),
      "/logo.png": [0x89, 0x50],
    ]),
    handler: { request in
      guard request.path.hasPrefix("/api/") else { return nil }
      let text = "\(request.method.rawValue) \(request.path) \(request.body.count)"
      return .text(text)
    })
}
