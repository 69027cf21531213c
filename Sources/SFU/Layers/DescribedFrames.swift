import RTP

/// What the dependency descriptors of a stream's last packets mean, each read once for all viewers.
struct DescribedFrames {
  private static let capacity: Int64 = 512

  struct Entry {
    var index: Int64
    var packet: DependencyDescriptorReader.Packet
  }

  /// By the low bits of a packet's index. Empty until there is a descriptor.
  private(set) var entries: [Entry] = []

  /// Keeps what a packet's descriptor means.
  mutating func note(_ packet: DependencyDescriptorReader.Packet, at index: Int64) {
    if entries.isEmpty {
      let unused = Entry(index: .min, packet: packet)
      entries = [Entry](repeating: unused, count: Int(Self.capacity))
    }
    entries[Int(index & (Self.capacity - 1))] = Entry(index: index, packet: packet)
  }

  /// Where in `entries` a packet's is; nil where it had none, or it is forgotten.
  func place(of index: Int64) -> Int? {
    guard !entries.isEmpty else { return nil }
    let place = Int(index & (Self.capacity - 1))
    return entries[place].index == index ? place : nil
  }
}
