package import Wire

extension ParticipantFigures {
  /// One line.
  package var json: String {
    let shares = heights.sorted { $0.key < $1.key }.map {
      "\"\($0.key)\": \(RoomTable.fixed($0.value, 3))"
    }.joined(separator: ", ")
    return """
      {"participant": \(place), "link": "\(link)", "interruptions": \(interruptions), "failures": \(failures), \
      "heard": \(RoomTable.fixed(heard * 100, 3)), "heldBackMs": \(voiceDelay), \
      "watchedSeconds": \(RoomTable.fixed(watched, 1)), "frozenPercent": \(RoomTable.fixed(frozen * 100, 3)), \
      "freezes": \(freezeCount), "longestFreeze": \(RoomTable.fixed(longestFreeze, 2)), \
      "framesPerSecond": \(RoomTable.fixed(frameRate, 1)), "heights": {\(shares)}, \
      "pausedSeconds": \(RoomTable.fixed(paused, 1)), "snapshotSeconds": \(RoomTable.fixed(snapshot, 1)), \
      "firstPictureMs": [\(firstPicture.median), \(firstPicture.late)], \
      "receivedKbps": \(received), "sentKbps": \(sent), "upTargetKbps": \(target), "downTargetKbps": \(downTarget), \
      "repairRequests": \(repairRequests), "repairs": \(repairsReceived), \
      "pictureLossesSent": \(pictureLossesSent), "pictureLossesReceived": \(pictureLossesReceived), \
      "keyFramesMade": \(keyFramesMade), "undecodable": \(undecodable), "layerSwitches": \(layerSwitches)}
      """
  }
}

extension RoomFigures {
  /// One line; `elapsed` is the processor time of all of the simulation.
  package func json(elapsed: Duration) -> String {
    let seconds = max(simulated.seconds, 0.001)
    func share(_ time: Duration) -> String { RoomTable.fixed(time.seconds * 1000 / seconds, 3) }
    let perPacket =
      (cost.receiving + cost.forwarding + cost.advancing).seconds * 1e6
      / Double(max(cost.sentCount, 1))
    return """
      {"people": \(participants.count), "seconds": \(Int(duration.seconds)), \
      "receivingMsPerSecond": \(share(cost.receiving)), "forwardingMsPerSecond": \(share(cost.forwarding)), \
      "advancingMsPerSecond": \(share(cost.advancing)), "packetsIn": \(cost.receivedCount), \
      "packetsOut": \(cost.sentCount), "microsecondsPerPacketOut": \(RoomTable.fixed(perPacket, 3)), \
      "simulationSeconds": \(RoomTable.fixed(elapsed.seconds, 1)), "stuckTimers": \(stuckTimers), "traceHash": "\(traceHash)"}
      """
  }
}
