import RTP
import SFU
import Wire

extension SimulatedRoom {
  /// A line for each slot that shows somebody: what came and what was asked for.
  package var slotLines: String {
    people.flatMap { viewer in
      viewer.slots.compactMap { slot -> String? in
        guard let source = slot.source else { return nil }
        let counters = slot.stream.counters
        let sender = people[Int(source.place)].link.name
        return "\(sender) → \(viewer.link.name) \(slot.plan.mid): packets \(counters.packetCount), "
          + "lost \(slot.stream.lostCount), repairs \(counters.repairPacketCount), "
          + "repaired \(counters.repairedCount), requests \(counters.requestCount), "
          + "duplicates \(counters.duplicateCount), picture losses \(counters.pictureLossCount), "
          + "key frames \(slot.keyFrameCount), undecodable \(slot.undecodableCount), "
          + "round trip \(slot.stream.roundTrip.milliseconds) ms, held \(slot.heldBack.milliseconds) ms"
      }
    }.joined(separator: "\n")
  }
}
