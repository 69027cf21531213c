public import SCTP
import Session
import Wire

extension PeerConnection {
  /// Makes a channel. Before anything is connected it waits, and the next offer asks for data channels.
  ///
  /// The other side hears of it by itself, unless `options.negotiatedStream` says that it makes the same one.
  public func createDataChannel(
    _ label: String, options: DataChannelOptions = DataChannelOptions()
  ) async throws(RTCError) -> DataChannel {
    var options = options
    options.label = label
    let wanted = options
    return try await handle.perform { connection, now, outbox throws(RTCError) in
      do throws(SessionError) {
        let id = try connection.session.createDataChannel(wanted, at: now, into: outbox)
        return connection.makeChannel(id, wanted, state: .connecting)
      } catch {
        throw RTCError(error)
      }
    }
  }

  /// The longest message that can be sent, in bytes (W3C WebRTC §6.1.1): what the other side takes, and at most
  /// `SCTPOptions.sendBufferLimit`; nil before it is known.
  public var maximumMessageSize: Int? {
    get async {
      let found = try? await handle.perform { connection, _, _ throws(RTCError) in
        connection.maximumMessageSize
      }
      return found ?? nil
    }
  }
}
