import Foundation
import Glibc

/// Runs blocking code on a thread of its own, away from those the server's tasks need.
func blocking<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
  }
}

/// A TCP client on loopback that speaks enough HTTP and WebSocket (RFC 6455) for tests, and gives up waiting
/// after a minute.
final class LoopbackClient {
  struct Failure: Error { var what: String }

  /// What a server sent on a WebSocket.
  enum Frame: Equatable {
    case text(String)
    case close(Int)
  }

  private let descriptor: CInt
  private var received: [UInt8] = []

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var wait = timeval(tv_sec: 60, tv_usec: 0)
    // The kernel reads the value during the call.
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
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

  func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBufferPointer {
        unsafe send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(what: "send: \(errno)") }
      rest = rest.dropFirst(count)
    }
  }

  /// Reads until the server closes.
  func readToEnd() throws {
    while try more() {}
  }

  /// Whether the server closes without another byte.
  func isClosed() throws -> Bool {
    while try more() {}
    return received.isEmpty
  }

  private func more() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
    if count < 0, errno == ECONNRESET { return false }
    guard count >= 0 else { throw Failure(what: "nothing came: \(errno)") }
    received += buffer[..<count]
    return count > 0
  }

  func take(_ count: Int) throws -> [UInt8] {
    while received.count < count {
      guard try more() else { throw Failure(what: "closed") }
    }
    defer { received.removeFirst(count) }
    return Array(received[..<count])
  }

  private func head() throws -> String {
    while true {
      if let end = received.indices.first(where: {
        received[$0...].starts(with: Array("\r\n\r\n".utf8))
      }) {
        return String(decoding: try take(end + 4), as: UTF8.self)
      }
      guard try more() else { throw Failure(what: "closed before a response") }
    }
  }

  /// One request on a connection of its own; returns status, head and body.
  static func request(
    _ method: String, _ path: String, port: UInt16, fields: [String] = [], body: String = ""
  ) throws -> (status: Int, head: String, body: String) {
    let client = try LoopbackClient(port: port)
    let lines =
      [
        "\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close",
        "Content-Length: \(body.utf8.count)",
      ] + fields
    try client.write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
    let head = try client.head()
    while try client.more() {}
    return (status(head), head, String(decoding: client.received, as: UTF8.self))
  }

  /// Opens a WebSocket; returns the status.
  @discardableResult
  func upgrade(_ path: String, port: UInt16, fields: [String] = []) throws -> Int {
    let lines =
      [
        "GET \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ] + fields
    try write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
    return Self.status(try head())
  }

  private static func status(_ head: String) -> Int {
    Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
  }

  func say(_ text: String, opcode: UInt8 = 1) throws {
    try write(Self.frame(opcode, Array(text.utf8)))
  }

  func sayClose(_ code: UInt16) throws {
    try write(Self.frame(8, [UInt8(code >> 8), UInt8(code & 255)]))
  }

  private static func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
    var frame = [0x80 | opcode]
    switch payload.count {
    case ..<126: frame.append(0x80 | UInt8(payload.count))
    case ..<65_536:
      frame += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
    default:
      frame.append(0x80 | 127)
      frame += stride(from: 56, through: 0, by: -8).map {
        UInt8(truncatingIfNeeded: payload.count >> $0)
      }
    }
    let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
    return frame + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
  }

  /// The next frame; pings are answered on the way, but do not make the wait longer.
  func hear() throws -> Frame {
    let start = ContinuousClock.now
    while ContinuousClock.now - start < .seconds(90) {
      let start = try take(2)
      var count = Int(start[1] & 0x7F)
      if count == 126 { count = try take(2).reduce(0) { $0 << 8 | Int($1) } }
      if count == 127 { count = try take(8).reduce(0) { $0 << 8 | Int($1) } }
      let payload = try take(count)
      switch start[0] & 0x0F {
      case 1: return .text(String(decoding: payload, as: UTF8.self))
      case 8: return .close(payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : 1005)
      case 9: try write(Self.frame(10, payload))
      default: throw Failure(what: "a frame of another kind")
      }
    }
    throw Failure(what: "nothing but pings came")
  }
}
