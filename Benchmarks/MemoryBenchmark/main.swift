import BenchmarkPeers
import CAllocations
import Cryptography
import DTLS
import Peer
import SFU
import Wire

// What a connected peer that does nothing keeps of the heap: path, handshake, keys and slots, for a thousand of
// them with real handshakes. The far ends live in the same process and are let go before it is measured.
// Prints JSON.

let count = 1000

func measure(
  roomSize: Int, handshake: Bool = true, publishing: [PublishedTrack], receiving: [ReceiveSlot]
) throws -> Double {
  let near = try DTLSContext(identity: .generate())
  let far = try DTLSContext(identity: .generate())
  let server = TransportAddress(ip: IPAddress(203, 0, 113, 1), port: 7880)
  let room = LoadRoom(serverAddress: server)
  let before = heap_byte_count()
  for number in 0..<count {
    let host = IPAddress(v4: UInt32(0x0a01_0000) + UInt32(number))
    let seed = UInt64(number)
    try room.add(
      at: TransportAddress(ip: host, port: 5000), in: RoomID(rawValue: UInt64(number / roomSize)),
      handshake
        ? .dtls(near, role: .server, fingerprints: [far.identity.fingerprint])
        : .injected(.seeded(seed, .aeadAES128GCM, isServer: true)),
      handshake
        ? .dtls(far, role: .client, fingerprints: [near.identity.fingerprint])
        : .injected(.seeded(seed, .aeadAES128GCM, isServer: false)),
      publishing: publishing, receiving: receiving)
  }
  room.connect()
  room.dropFarEnds()
  let after = heap_byte_count()
  precondition(room.forwarder.peerCount == count)
  return Double(after - before) / Double(count)
}

func line(_ name: String, _ bytes: Double) -> String {
  "{\"name\": \"\(name)\", \"value\": \(Int(bytes)), \"unit\": \"heap bytes/peer\"}"
}

let viewer = try measure(
  roomSize: 1000, publishing: [], receiving: LoadPeer.slots(audio: 0, video: 1))
let participant = try measure(
  roomSize: 10, publishing: [LoadPeer.microphone, LoadPeer.camera],
  receiving: LoadPeer.slots(audio: 6, video: 9))
let injected = try measure(
  roomSize: 1000, handshake: false, publishing: [], receiving: LoadPeer.slots(audio: 0, video: 1))
print("[")
print("  " + line("viewer with one slot, rooms of 1000", viewer) + ",")
print("  " + line("participant with 6 + 9 slots, rooms of 10", participant) + ",")
print("  " + line("viewer with one slot, keys injected", injected))
print("]")
