// swift-tools-version: 6.3
import PackageDescription

/// A machine room: values only, no clock, no socket, no Foundation (docs/architecture.md).
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies)
}

let package = Package(
  name: "jumpa",
  products: [
    .executable(name: "jumpa", targets: ["jumpa"]),
    .library(name: "ICE", targets: ["ICE"]),
    .library(name: "RTCTesting", targets: ["RTCTesting"]),
  ],
  targets: [
    // System libraries
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CWebSockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CLinux"),

    // Machines
    room("Wire"),
    room("Cryptography", ["COpenSSL", "Wire"]),
    room("STUN", ["Wire", "Cryptography"]),
    room("ICE", ["Wire", "STUN", "Cryptography"]),
    room("DTLS", ["Wire", "Cryptography", "COpenSSL"]),
    room("RTP", ["Wire"]),
    room("SRTP", ["Wire", "RTP", "Cryptography"]),
    room("BWE", ["Wire", "RTP"]),
    room("SDP", ["Wire"]),
    room("Peer", ["Wire", "Cryptography", "STUN", "ICE", "DTLS", "RTP", "SRTP", "BWE", "SDP"]),
    room("SFU", ["Wire", "RTP", "STUN", "Peer"]),
    room("Signaling", ["Wire"]),
    room("RTCTesting", ["Wire"]),

    // Shells
    room("Net", ["Wire", "CLinux"]),
    room("HTTPServer", ["CWebSockets", "CZlib"]),
    room(
      "MeetingServer",
      [
        "Wire", "Cryptography", "Net", "HTTPServer", "Signaling", "SFU", "Peer", "ICE", "DTLS",
        "SDP",
      ]),
    .executableTarget(name: "jumpa", dependencies: ["MeetingServer"]),

    // Examples
    .executableTarget(
      name: "TwoAgents", dependencies: ["ICE", "RTCTesting", "Wire"], path: "Examples/TwoAgents",
      exclude: ["README.md"]),

    // Benchmarks
    .target(name: "CAllocations", path: "Benchmarks/CAllocations"),
    .executableTarget(
      name: "NetBenchmark", dependencies: ["Net", "Wire", "CAllocations"],
      path: "Benchmarks/NetBenchmark"),
    .executableTarget(
      name: "SRTPBenchmark",
      dependencies: ["SRTP", "RTP", "Wire", "Cryptography", "CAllocations"],
      path: "Benchmarks/SRTPBenchmark"),
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

    // Tests
    tests("Wire"),
    tests("Cryptography", ["Wire"]),
    tests("STUN", ["Wire", "RTCTesting"]),
    tests("ICE", ["Wire", "STUN", "RTCTesting"]),
    .target(name: "CVirtualTime", path: "Tests/CVirtualTime"),
    tests("DTLS", ["Wire", "Cryptography", "RTCTesting", "CVirtualTime"]),
    tests("RTP", ["Wire"]),
    tests("SRTP", ["Wire", "RTP", "Cryptography"]),
    tests("BWE", ["Wire", "RTP"]),
    .testTarget(
      name: "SDPTests", dependencies: ["SDP", "Wire"], resources: [.copy("Offers")]),
    tests(
      "Peer",
      ["Wire", "ICE", "STUN", "DTLS", "RTP", "SRTP", "Cryptography", "RTCTesting", "CVirtualTime"]),
    tests(
      "SFU",
      ["Wire", "Peer", "ICE", "STUN", "DTLS", "RTP", "SRTP", "SDP", "Cryptography", "RTCTesting"]),
    tests("Signaling", ["Wire"]),
    tests("RTCTesting", ["Wire"]),
    tests("Net", ["Wire", "CFaults"]),
    .target(name: "CFaults", path: "Tests/CFaults"),
    tests("HTTPServer"),
    tests("MeetingServer", ["Wire", "Signaling", "SDP", "HTTPServer"]),
    tests("jumpa", ["MeetingServer"]),
    .testTarget(name: "LayeringTests"),
  ]
)

// Fuzz targets (docs/design/fuzzing.md). They replace all other programs, since libFuzzer brings its own `main`.
if Context.environment["JUMPA_FUZZ"] != nil {
  let shells: Set = ["Net", "HTTPServer", "MeetingServer"]
  package.products = []
  package.targets.removeAll { [.executable, .test].contains($0.type) || shells.contains($0.name) }
  let fuzzed: [(String, [Target.Dependency])] = [
    ("DTLS", ["DTLS", "Wire"]),
    ("Forwarder", ["SFU", "Peer", "ICE", "STUN", "RTP", "SRTP", "Cryptography", "Wire"]),
    ("ICE", ["ICE", "STUN", "Wire"]),
    ("RTCP", ["RTP", "Wire"]),
    ("RTP", ["RTP", "Wire"]),
    ("SDP", ["SDP"]),
    ("SRTP", ["SRTP", "RTP", "Cryptography", "Wire"]),
    ("STUN", ["STUN", "Wire"]),
    ("Signaling", ["Signaling", "Wire"]),
  ]
  for (name, dependencies) in fuzzed {
    package.targets.append(
      .executableTarget(name: "Fuzz\(name)", dependencies: dependencies, path: "Fuzz/\(name)"))
  }
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
