// swift-tools-version: 6.3
import PackageDescription

/// A machine room: values only, no clock, no socket, no Foundation (docs/architecture.md).
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies)
}

/// A program that shows one thing the library does.
func example(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .executableTarget(
    name: name, dependencies: ["WebRTC", "ExampleSupport"] + dependencies, path: "Examples/\(name)",
    exclude: ["README.md"])
}

let package = Package(
  name: "jumpa",
  products: [
    .executable(name: "jumpa", targets: ["jumpa"]),
    // A room's product holds the rooms whose types its own take and give.
    .library(name: "WebRTC", targets: ["WebRTC", "RTP", "Wire"]),
    .library(
      name: "Session",
      targets: ["Session", "Media", "RTP", "SCTP", "SDP", "ICE", "STUN", "Peer", "DTLS", "Wire"]),
    .library(name: "Media", targets: ["Media", "RTP", "Wire"]),
    .library(name: "ICE", targets: ["ICE", "Wire"]),
    .library(name: "RTP", targets: ["RTP", "Wire"]),
    .library(name: "SCTP", targets: ["SCTP", "Wire"]),
    .library(name: "SDP", targets: ["SDP"]),
    .library(name: "SRTP", targets: ["SRTP", "RTP", "Cryptography", "Wire"]),
    .library(name: "STUN", targets: ["STUN", "Wire"]),
    .library(name: "TURN", targets: ["TURN", "STUN", "Wire"]),
    .library(name: "Relay", targets: ["Relay", "TURN", "STUN", "Net", "Wire"]),
    .library(name: "RTCTesting", targets: ["RTCTesting", "Wire"]),
  ],
  targets: [
    // System libraries
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CWebSockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
    .systemLibrary(
      name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CLinux"),
    .target(name: "COpenSSLStart", linkerSettings: [.linkedLibrary("crypto")]),

    // Machines
    room("Wire"),
    room("Cryptography", ["COpenSSL", "COpenSSLStart", "Wire"]),
    room("STUN", ["Wire", "Cryptography"]),
    room("ICE", ["Wire", "STUN", "Cryptography"]),
    room("TURN", ["Wire", "STUN", "Cryptography"]),
    room("DTLS", ["Wire", "Cryptography", "COpenSSL"]),
    room("RTP", ["Wire"]),
    room("SRTP", ["Wire", "RTP", "Cryptography"]),
    // Square roots and logarithms: programs without Foundation do not link them by themselves.
    .target(
      name: "BWE", dependencies: ["Wire", "RTP"], linkerSettings: [.linkedLibrary("m")]),
    room("SCTP", ["Wire", "Cryptography"]),
    room("Media", ["Wire", "RTP"]),
    room("SDP", ["Wire"]),
    room(
      "Peer",
      [
        "Wire", "Cryptography", "STUN", "TURN", "ICE", "DTLS", "RTP", "SRTP", "BWE", "SCTP", "SDP",
      ]),
    room(
      "Session",
      [
        "Wire", "Cryptography", "STUN", "TURN", "ICE", "DTLS", "RTP", "SRTP", "BWE", "SCTP", "SDP",
        "Media", "Peer",
      ]),
    room("SFU", ["Wire", "RTP", "BWE", "STUN", "Peer", "Media"]),
    room("Signaling", ["Wire"]),
    room("RTCTesting", ["Wire"]),
    room("HTTPMessages", ["Wire"]),

    // Shells
    room("Net", ["Wire", "CLinux", "COpenSSL", "COpenSSLStart"]),
    room("ACME", ["Wire", "Cryptography"]),
    room(
      "WebRTC",
      [
        "Wire", "Cryptography", "STUN", "TURN", "ICE", "DTLS", "RTP", "SCTP", "SDP", "Media",
        "Peer", "Session", "Net",
      ]),
    room("Relay", ["Wire", "STUN", "TURN", "Net"]),
    room("HTTPServer", ["CWebSockets", "CZlib", "Net"]),
    room(
      "MeetingServer",
      [
        "Wire", "Cryptography", "Net", "HTTPServer", "Signaling", "SFU", "Peer", "STUN", "ICE",
        "DTLS", "SDP", "SCTP", "TURN", "Relay", "WebRTC", "HTTPMessages",
        "ACME",
      ]),
    room("QRCodes", ["CQREncode"]),
    .executableTarget(name: "jumpa", dependencies: ["MeetingServer", "QRCodes"]),

    // Examples
    .executableTarget(
      name: "TwoAgents", dependencies: ["ICE", "RTCTesting", "Wire"], path: "Examples/TwoAgents",
      exclude: ["README.md"]),
    .executableTarget(
      name: "TURNRelay", dependencies: ["Relay", "TURN", "Wire"], path: "Examples/TURNRelay",
      exclude: ["README.md"]),

    .target(
      name: "ExampleSupport", dependencies: ["HTTPServer", "WebRTC", "Session"],
      path: "Examples/Support"),
    example("Echo"),
    example("DataChat"),
    example("PlayFile"),
    example("SaveCamera"),
    example("Broadcast"),
    example("FileTransfer"),
    example("PerfectNegotiation"),
    example("VirtualTime", ["RTCTesting", "Session", "DTLS", "Wire", "OpenSSLTime"]),

    // Driven by e2e/interop
    .executableTarget(
      name: "InteropPeer", dependencies: ["WebRTC", "Session", "Media", "SCTP", "SDP", "Wire"],
      path: "e2e/interop/peer"),

    // Benchmarks
    .target(name: "CAllocations", path: "Benchmarks/CAllocations"),
    .executableTarget(
      name: "NetBenchmark", dependencies: ["Net", "Wire", "CAllocations"],
      path: "Benchmarks/NetBenchmark"),
    .executableTarget(
      name: "SRTPBenchmark",
      dependencies: ["SRTP", "RTP", "Wire", "Cryptography", "CAllocations"],
      path: "Benchmarks/SRTPBenchmark"),
    .executableTarget(
      name: "SCTPBenchmark", dependencies: ["SCTP", "Wire"], path: "Benchmarks/SCTPBenchmark"),
    .executableTarget(
      name: "DataChannelBenchmark",
      dependencies: ["WebRTC", "Session", "Wire", "CAllocations"],
      path: "Benchmarks/DataChannelBenchmark"),
    .target(
      name: "BenchmarkPeers",
      dependencies: ["SFU", "Peer", "ICE", "DTLS", "RTP", "Cryptography", "Wire"],
      path: "Benchmarks/BenchmarkPeers"),
    .executableTarget(
      name: "ForwardingBenchmark",
      dependencies: ["BenchmarkPeers", "SFU", "Net", "Wire", "Cryptography", "CAllocations"],
      path: "Benchmarks/ForwardingBenchmark"),
    .executableTarget(
      name: "MemoryBenchmark",
      dependencies: [
        "BenchmarkPeers", "SFU", "Peer", "DTLS", "Cryptography", "Wire", "CAllocations",
      ],
      path: "Benchmarks/MemoryBenchmark"),
    .executableTarget(
      name: "RelayBenchmark", dependencies: ["TURN", "STUN", "Wire", "CAllocations"],
      path: "Benchmarks/RelayBenchmark"),
    .executableTarget(
      name: "RelayComparison", dependencies: ["TURN", "Net", "Wire"],
      path: "Benchmarks/RelayComparison"),
    .executableTarget(
      name: "RoomSimulation", dependencies: ["SimulatedRooms", "Net", "Wire", "CAllocations"],
      path: "Benchmarks/RoomSimulation"),

    // Tests
    tests("Wire"),
    tests("Cryptography", ["Wire", "ByteFixtures", "COpenSSL"]),
    tests("STUN", ["Wire", "Cryptography", "RTCTesting", "ByteFixtures"]),
    tests("ICE", ["Wire", "STUN", "RTCTesting"]),
    tests("TURN", ["Wire", "STUN", "Cryptography", "RTCTesting", "VirtualServers"]),
    .testTarget(
      name: "TURNInteropTests",
      dependencies: ["Relay", "TURN", "STUN", "Net", "Cryptography", "Wire"]),
    .target(
      name: "VirtualServers", dependencies: ["Wire", "TURN", "RTCTesting"],
      path: "Tests/VirtualServers"),
    .target(name: "CVirtualTime", path: "Tests/CVirtualTime"),
    .target(
      name: "OpenSSLTime", dependencies: ["CVirtualTime", "Wire"], path: "Tests/OpenSSLTime"),
    .target(name: "ByteFixtures", path: "Tests/ByteFixtures"),
    tests("DTLS", ["Wire", "Cryptography", "RTCTesting", "CVirtualTime", "OpenSSLTime"]),
    tests("RTP", ["Wire", "RTCTesting", "ByteFixtures"]),
    tests("SRTP", ["Wire", "RTP", "Cryptography", "ByteFixtures"]),
    tests("BWE", ["Wire", "RTP", "RTCTesting"]),
    tests("SCTP", ["Wire", "Cryptography", "RTCTesting", "ByteFixtures"]),
    .testTarget(
      name: "MediaTests", dependencies: ["Media", "Wire", "RTP", "RTCTesting", "ByteFixtures"],
      resources: [.copy("Samples")]),
    .testTarget(
      name: "SDPTests", dependencies: ["SDP", "Wire"], resources: [.copy("Offers")]),
    tests(
      "Peer",
      [
        "Wire", "ICE", "STUN", "TURN", "DTLS", "RTP", "SRTP", "SCTP", "Cryptography", "RTCTesting",
        "VirtualServers", "OpenSSLTime",
      ]),
    tests(
      "Session",
      [
        "Wire", "Peer", "ICE", "STUN", "TURN", "DTLS", "RTP", "SRTP", "SCTP", "SDP", "Media",
        "Cryptography", "RTCTesting", "VirtualServers", "OpenSSLTime",
      ]),
    tests(
      "WebRTC",
      [
        "Wire", "Session", "Peer", "ICE", "STUN", "TURN", "DTLS", "RTP", "SCTP", "SDP", "Media",
        "Net", "Cryptography", "CAllocations",
      ]),
    tests(
      "SFU",
      [
        "Wire", "Peer", "ICE", "STUN", "DTLS", "RTP", "SRTP", "BWE", "SDP", "Media",
        "Cryptography",
        "RTCTesting",
      ]),
    .target(
      name: "SimulatedRooms",
      dependencies: [
        "SFU", "Peer", "ICE", "BWE", "RTP", "Media", "Cryptography", "RTCTesting", "Wire",
      ],
      path: "Tests/SimulatedRooms"),
    tests("SimulatedRooms", ["RTCTesting", "Wire"]),
    tests("Signaling", ["Wire"]),
    tests("RTCTesting", ["Wire"]),
    tests("Net", ["Wire", "CFaults"]),
    tests("Relay", ["TURN", "STUN", "Net", "Wire"]),
    .target(name: "CFaults", path: "Tests/CFaults"),
    tests("HTTPServer", ["Net", "Cryptography"]),
    tests(
      "MeetingServer",
      [
        "Wire", "Signaling", "SDP", "HTTPServer", "Peer", "ICE", "DTLS", "SCTP", "Cryptography",
        "RTCTesting", "OpenSSLTime", "Net", "TURN", "STUN", "Relay",
      ]),
    tests("HTTPMessages", ["Wire"]),
    tests("ACME", ["Wire", "Cryptography"]),
    tests("QRCodes"),
    tests("jumpa", ["MeetingServer"]),
    .testTarget(name: "LayeringTests"),
  ]
)

// Fuzz targets (docs/design/fuzzing.md). They replace all other programs, since libFuzzer brings its own `main`.
if Context.environment["JUMPA_FUZZ"] != nil {
  let shells: Set = [
    "Net", "QRCodes", "Relay", "HTTPServer", "MeetingServer", "WebRTC", "ExampleSupport",
  ]
  package.products = []
  package.targets.removeAll { [.executable, .test].contains($0.type) || shells.contains($0.name) }
  let fuzzed: [(String, [Target.Dependency])] = [
    ("ACME", ["ACME", "Cryptography", "Wire"]),
    ("BWE", ["BWE", "RTP", "Wire"]),
    ("DTLS", ["DTLS", "Wire"]),
    ("Depacketizers", ["Media", "RTP", "Wire"]),
    ("DataChannels", ["SCTP", "Wire"]),
    ("DependencyDescriptor", ["RTP", "Wire"]),
    ("Forwarder", ["SFU", "Peer", "ICE", "STUN", "RTP", "SRTP", "Cryptography", "Wire"]),
    ("HTTPMessages", ["HTTPMessages"]),
    ("ICE", ["ICE", "STUN", "Wire"]),
    ("LayerFilters", ["RTP", "Wire"]),
    ("MDNS", ["ICE", "Wire"]),
    ("MediaFiles", ["Media", "Wire"]),
    ("MediaEngine", ["Session", "Media", "DTLS", "RTP", "SDP", "Wire"]),
    ("RTCP", ["RTP", "Wire"]),
    ("RTP", ["RTP", "Wire"]),
    ("SDP", ["SDP"]),
    ("SRTP", ["SRTP", "RTP", "Cryptography", "Wire"]),
    ("SCTPAssociation", ["SCTP", "Wire"]),
    ("SCTPPacket", ["SCTP", "Wire"]),
    ("STUN", ["STUN", "Wire"]),
    ("Session", ["Session", "SDP", "SCTP", "DTLS", "Wire"]),
    ("Signaling", ["Signaling", "Wire"]),
    ("TURN", ["TURN", "STUN", "Wire"]),
  ]
  for (name, dependencies) in fuzzed {
    package.targets.append(
      .executableTarget(name: "Fuzz\(name)", dependencies: dependencies, path: "Fuzz/\(name)"))
  }
}

// JUMPA_ONLY=SCTP,ICE builds the tests of these rooms and what they need, nothing else.
if let only = Context.environment["JUMPA_ONLY"], !only.isEmpty {
  func names(_ target: Target) -> [String] {
    target.dependencies.compactMap {
      switch $0 {
      case .byNameItem(let name, _), .targetItem(let name, _): name
      default: nil
      }
    }
  }
  var wanted: Set<String> = []
  var open = only.split(separator: ",").flatMap { [String($0), "\($0)Tests"] }
  while let name = open.popLast() {
    guard wanted.insert(name).inserted else { continue }
    open += package.targets.first { $0.name == name }.map(names) ?? []
  }
  package.targets.removeAll { !wanted.contains($0.name) }
  package.products = []
}

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .strictMemorySafety(), .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"), .enableExperimentalFeature("Lifetimes"),
  ]
}
