import HTTPServer
import Signaling
import Wire

/// Carries messages between one WebSocket and the meeting.
struct SocketService: Sendable {
  let meeting: Meeting
  let limits: SignalingLimits
  let clock: MeetingClock

  /// Serves `/ws` until the socket closes.
  func serve(_ connection: WebSocketConnection) async {
    let query = connection.request.query
    let socket = ConnectionSocket(connection)
    let id: SocketID
    if let room = query["roomId"], let userId = query["userId"] {
      guard let relay = await meeting.openRelay(socket, room: room, userId: userId) else { return }
      id = relay
    } else {
      id = await meeting.open(socket)
    }
    await read(connection.incoming, id)
    await meeting.closed(id, isGoingAway: connection.closure.map(isGoingAway) ?? false)
  }

  /// Whether the page said that it goes away; the server's own 1001 is no such thing.
  private func isGoingAway(_ closure: WebSocketClosure) -> Bool {
    closure.isClean && closure.code == .goingAway
  }

  func read(_ incoming: some AsyncSequence<WebSocketMessage, Never>, _ id: SocketID) async {
    let coding = MessageCoding(limits: limits)
    var bucket = TokenBucket(
      rate: limits.messagesPerSecond, burst: limits.messageBurst, at: clock.now())
    for await message in incoming {
      // A long message costs as much as many short ones.
      guard bucket.take(1 + message.byteCount / 2_048, at: clock.now()) else {
        let failure = SignalingFailure(
          .rateLimited,
          "at most \(limits.messagesPerSecond) messages a second, "
            + "\(limits.messageBurst) at once")
        await meeting.refuse(id, failure, .policy("too many messages"))
        return
      }
      await meeting.receive(
        decode(message, coding), byteCount: message.byteCount, from: id)
    }
  }

  private func decode(
    _ message: WebSocketMessage, _ coding: MessageCoding
  ) -> Result<ClientMessage, SignalingFailure> {
    switch message {
    case .text(let text): coding.decode(text)
    case .binary: .failure(SignalingFailure(.badMessage, "a message is text, not bytes"))
    }
  }
}

/// A WebSocket of the HTTP server as the meeting sees it.
struct ConnectionSocket: ClientSocket {
  private let connection: WebSocketConnection

  init(_ connection: WebSocketConnection) { self.connection = connection }

  var host: String? { connection.request.headers["Host"] }
  var address: String? { connection.request.sender }

  func send(_ text: String) { connection.send(text) }

  func close(code: UInt16, reason: String) {
    connection.close(code: WebSocketCloseCode(rawValue: code), reason: reason)
  }
}
