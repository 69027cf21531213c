import Foundation
import SDP
import Testing

/// An offer as a real peer wrote it, or one made up from what is known of a peer (`made-up-…`).
struct Recording: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String

  var testDescription: String { name }

  /// All of them, by name.
  static let all: [Recording] = {
    let folder = Bundle.module.url(forResource: "Offers", withExtension: nil)
    let files = folder.flatMap {
      try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
    }
    return (files ?? []).compactMap { file in
      guard let data = try? Data(contentsOf: file) else { return nil }
      return Recording(
        name: file.deletingPathExtension().lastPathComponent,
        text: String(decoding: data, as: UTF8.self))
    }.sorted { $0.name < $1.name }
  }()

  static func named(_ name: String) throws -> Recording {
    try #require(all.first { $0.name == name })
  }

  static func parsed(_ name: String) throws -> SessionDescription {
    try SessionDescription(parsing: named(name).text)
  }
}

/// A server's side of a transport.
let testTransport = LocalTransport(
  iceUfrag: "srvU", icePwd: "srvPasswordsrvPasswordsrv",
  fingerprints: [
    Fingerprint(hashFunction: "sha-256", digest: (0..<32).map { UInt8(0xA0 &+ $0) })
  ],
  candidates: [
    "candidate:1 1 udp 2130706431 198.51.100.7 7880 typ host",
    "2 1 udp 2130706175 2001:db8::7 7880 typ host",
  ])

/// What a server sends in the m-section `index`.
func testTrack(_ index: Int) -> LocalTrack {
  LocalTrack(
    ssrc: UInt32(1000 + index), rtxSSRC: UInt32(2000 + index), cname: "server",
    streamID: "stream-\(index)", trackID: "track-\(index)")
}

/// Accepts everything and sends wherever the offer receives.
func sendingPlan(for offer: SessionDescription) -> [SectionPlan] {
  offer.mediaSections.indices.map { SectionPlan(track: testTrack($0)) }
}

/// A session with the lines every description needs, then `lines`.
func sdp(_ lines: String...) -> String {
  (["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"] + lines).map { $0 + "\r\n" }.joined()
}

/// Transport lines of an m-section, then `lines`.
func section(_ media: String, _ lines: String...) -> String {
  ([
    "m=\(media)", "a=ice-ufrag:peer", "a=ice-pwd:peerPasswordpeerPassword",
    "a=fingerprint:sha-256 " + (0..<32).map { _ in "AB" }.joined(separator: ":"),
    "a=setup:actpass", "a=rtcp-mux",
  ] + lines).joined(separator: "\r\n")
}
