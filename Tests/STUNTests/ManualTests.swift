import STUN
import Testing
import Wire

/// The code in the manual of the room.
struct ManualTests {
  /// What a server answers.
  private func answer(_ request: [UInt8], from client: TransportAddress) throws -> [UInt8] {
    let message = try STUNMessage(parsing: request.span)
    let id = message.transactionID
    return [UInt8](capacity: 64) { output in
      output.beginSTUN(.success, id)
      output.appendSTUN(.xorMappedAddress, xor: client, id)
      output.finishSTUN()
    }
  }

  @Test func `a client learns its own address`() throws {
    let client = TransportAddress(ip: IPAddress(198, 51, 100, 7), port: 40_000)
    let exchange = { request in try answer(request, from: client) }

    var random = RandomSource.system
    let id = STUNTransactionID.random(using: &random)
    let request = [UInt8](capacity: 64) { output in
      output.beginSTUN(.request, id)
      output.finishSTUN()
    }
    let response = try exchange(request)
    let message = try STUNMessage(parsing: response.span)
    guard message.transactionID == id, message.messageClass == .success else { return }
    let address = try message.xorMappedAddress

    #expect(address == client)
  }
}
