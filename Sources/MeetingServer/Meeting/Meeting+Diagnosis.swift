import Signaling
import Wire

/// Why somebody's media does not get through.
///
/// A participant who signals but from whom nothing comes over UDP sits behind a closed port: the one thing that whoever
/// runs the server, and whoever uses it, has to know.
extension Meeting {
  /// Has a participant looked at in a while, for what has come of it since `since`.
  func lookWhy(_ peer: MediaPeerID, since: Instant) {
    people[peer]?.diagnosis = (since + limits.timeToDiagnose, since)
  }

  /// Looks at those who were answered, or interrupted, a while ago.
  func diagnose(at now: Instant) async {
    var due: [MediaPeerID: Instant] = [:]
    for (peer, participant) in people {
      if let diagnosis = participant.diagnosis, diagnosis.at <= now { due[peer] = diagnosis.since }
    }
    guard !due.isEmpty else { return }
    for peer in due.keys { people[peer]?.diagnosis = nil }
    for (peer, contact) in await plane.contact(of: due) {
      let lent = await relay?.transports(relayingAt: contact.places.map(\.address)) ?? [:]
      guard let since = due[peer], let participant = people[peer],
        let socket = participant.socket, isThere(participant, since: since)
      else { continue }
      let circumstances = circumstances(of: participant, lent)
      let direct = contact.places.filter { lent[$0.address] == nil }.map(\.reach).max()
      guard let finding = finding(direct ?? .silent, circumstances) else { continue }
      let diagnosis = Diagnosis(finding, ports: contact.ports, address: socket.address)
      record(diagnosis, circumstances, at: now)
      if !circumstances.isConnected { tell(.diagnosis(diagnosis), to: peer) }
    }
  }

  /// Without a socket they may just be gone, and so may who said nothing since an interruption.
  private func isThere(_ participant: Participant, since: Instant) -> Bool {
    guard participant.socket != nil else { return false }
    return !participant.wasConnected || participant.path == .connected
      || participant.saidAt.map { $0 > since } == true
  }

  private func circumstances(
    of participant: Participant, _ lent: [TransportAddress: Path.Transport]
  ) -> Diagnosis.Circumstances {
    let relaying = lent.values.min { $0.rawValue < $1.rawValue }
    return Diagnosis.Circumstances(
      isConnected: participant.path == .connected, wasConnected: participant.wasConnected,
      relay: relaying.map { ($0, port: relay?.udpPort ?? 0) })
  }

  private func finding(
    _ reach: MediaContact.Reach, _ circumstances: Diagnosis.Circumstances
  ) -> Diagnosis.Finding? {
    switch reach {
    case .silent: .silent
    case .heard: circumstances.isConnected ? nil : .oneWay
    case .mutual: circumstances.wasConnected ? nil : .noKeys
    }
  }

  /// Writes one line, and not the same again for a minute.
  private func record(
    _ diagnosis: Diagnosis, _ circumstances: Diagnosis.Circumstances, at now: Instant
  ) {
    let sentence = diagnosis.sentence(circumstances)
    diagnosesWritten = diagnosesWritten.filter { now - $0.value < limits.diagnosisInterval }
    guard diagnosesWritten[sentence] == nil,
      diagnosesWritten.count < limits.diagnosesRemembered
    else { return }
    diagnosesWritten[sentence] = now
    log(sentence)
  }
}
