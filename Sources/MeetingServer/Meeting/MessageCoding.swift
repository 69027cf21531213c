import Foundation
import Signaling

/// JSON text to messages and back.
struct MessageCoding {
  private let encoder: JSONEncoder
  private let limits: SignalingLimits

  init(limits: SignalingLimits) {
    self.limits = limits
    encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
  }

  /// Reads one message of a client.
  func decode(_ text: String) -> Result<ClientMessage, SignalingFailure> {
    guard JSONShape(of: text.utf8).fits(limits) else {
      return .failure(
        SignalingFailure(
          .badMessage,
          "a message nests at most \(limits.messageDepth) deep and has at most "
            + "\(limits.messageValues) values"))
    }
    do {
      return .success(try JSONDecoder().decode(ClientMessage.self, from: Data(text.utf8)))
    } catch let failure as SignalingFailure {
      return .failure(failure)
    } catch {
      return .failure(SignalingFailure(.badMessage, "a message is a JSON object"))
    }
  }

  /// Writes a message of the server, all but its `seq`.
  func encode(_ envelope: ServerEnvelope) -> OutgoingMessage {
    let text =
      (try? encoder.encode(envelope)).map { String(decoding: $0, as: UTF8.self) }
      ?? #"{"type":"error","payload":{"code":"internal","message":"a message was unspeakable"}}"#
    return OutgoingMessage(text: text, isRepeated: envelope.message.isRepeated)
  }
}
