import Cryptography

// What forwarding costs from SRTP in to SRTP out: without sockets, and with sockets on loopback. Prints JSON.

var results: [Measurement] = []
for (name, profile) in [
  ("AES-128-GCM", SRTPProtectionProfile.aeadAES128GCM), ("AES-CM", .aesCM128HMACSHA1Tag80),
] {
  for viewers in [1, 10, 50, 100] {
    let measured = try InMemory(viewerCount: viewers, profile: profile)
    results += measured.measure(
      "1 to \(viewers), \(name), no sockets", rounds: max(20, 2000 / viewers))
  }
}
print("[\n  " + results.map(\.json).joined(separator: ",\n  ") + "\n]")
