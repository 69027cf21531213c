import Foundation
import Signaling
import Wire

/// One participant's session fed by a script: each line is a message of its client, or, where it begins with
/// a control, something else that happens to it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSignaling(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
  // The fuzzer's buffer lives for this call.
  let input = unsafe UnsafeRawBufferPointer(start: start, count: count)
  var script = Script()
  for line in unsafe Array(input).split(separator: 0x0A, maxSplits: 64) { script.play(Array(line)) }
  return 0
}

private struct Script {
  var now = Instant.zero
  var session = SignalingSession(.meeting, at: .zero)
  var bucket = TokenBucket(rate: 50, burst: 200, at: .zero)

  mutating func play(_ line: [UInt8]) {
    let argument = line.count > 1 ? line[1] : 0
    switch line.first {
    case 1: now = now + .seconds(Int64(argument))
    case 2: carryOut(session.socketClosed(isGoingAway: argument & 1 == 1, at: now))
    case 3: _ = session.resume(after: UInt64(argument))
    case 4: session.admit()
    case 5: session.refuse(at: now)
    case 6: session = SignalingSession(argument & 1 == 1 ? .relay : .meeting, at: now)
    case 7: now = now - .seconds(Int64(argument))
    case 8: _ = session.send(OutgoingMessage(text: "{\"a\":1}", isRepeated: argument & 1 == 1))
    case 9: carryOut(session.advance(to: now))
    case 10: hear(Array(line.dropFirst()))
    default: receive(line)
    }
    _ = bucket.take(Int(argument), at: now)
  }

  mutating func receive(_ line: [UInt8]) {
    guard JSONShape(of: line).fits(SignalingLimits()) else { return }
    let text = Data(String(decoding: line, as: UTF8.self).utf8)
    do {
      let message = try JSONDecoder().decode(ClientMessage.self, from: text)
      let again = try JSONDecoder().decode(ClientMessage.self, from: JSONEncoder().encode(message))
      precondition(again == message, "what was read is said and read again as it was")
      carryOut(session.receive(message))
    } catch let failure as SignalingFailure {
      carryOut(session.receive(failure))
    } catch {
      carryOut(session.receive(SignalingFailure(.badMessage, "no JSON")))
    }
  }

  /// What a server would say, as another program's client may read it.
  func hear(_ text: [UInt8]) {
    guard JSONShape(of: text).fits(SignalingLimits()),
      let heard = try? JSONDecoder().decode(ServerEnvelope.self, from: Data(text)),
      let said = try? JSONEncoder().encode(heard)
    else { return }
    let again = try? JSONDecoder().decode(ServerEnvelope.self, from: said)
    precondition(again == heard, "what was heard is said and heard again as it was")
  }

  mutating func carryOut(_ command: SignalingSession.Command) {
    guard case .reply(let message) = command else { return }
    let envelope = ServerEnvelope(message, roomId: "tea")
    guard let data = try? JSONEncoder().encode(envelope) else {
      preconditionFailure("the server can say whatever it wants to say")
    }
    let text = String(decoding: data, as: UTF8.self)
    _ = session.send(OutgoingMessage(text: text, isRepeated: message.isRepeated))
  }
}
