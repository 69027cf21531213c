import Cryptography
import Foundation
import Net

/// Keeps a certificate of the local authority in line with this machine's names and addresses.
actor LocalCertificates: CertificateKeeping {
  private let authority: LocalAuthority
  private let store: CertificateStore
  private let log: @Sendable (String) -> Void
  private var looks = 0

  /// Makes or reads both; the store has a certificate when this returns.
  init(
    _ authority: LocalAuthority, store: CertificateStore, log: @escaping @Sendable (String) -> Void
  ) throws(ServerFault) {
    self.authority = authority
    self.store = store
    self.log = log
    try authority.certify(Self.subjects(), in: store, at: Self.now())
  }

  func look() {
    looks &+= 1
    // Addresses change with the network that a portable computer is in.
    if looks % 10 == 0 { reload() }
  }

  func reload() {
    do throws(ServerFault) {
      if try authority.certify(Self.subjects(), in: store, at: Self.now()) {
        log("this machine's addresses have changed, or its certificate was old: it has a new one")
      }
    } catch {
      log("\(error.description); the certificate made before stays in use")
    }
  }

  static func now() -> Int64 { Int64(Date.now.timeIntervalSince1970) }

  /// This machine as others on the network, and it itself, may call it.
  static func subjects() -> [CertificateSubject] {
    let host = ProcessInfo.processInfo.hostName.lowercased()
    let names = ["localhost", host, host.hasSuffix(".local") ? host : "\(host).local"]
    let addresses = (try? NetworkInterface.reachable(includesLoopback: true)) ?? []
    var seen: Set<CertificateSubject> = []
    return (names.compactMap { CertificateSubject($0) } + addresses.map { .address($0.ip) })
      .filter { seen.insert($0).inserted }
  }
}
