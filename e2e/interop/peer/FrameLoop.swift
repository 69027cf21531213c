import Foundation
import Media
import WebRTC

/// The frames of a file, over and over, as a camera or a microphone would send them.
struct FrameLoop {
  private let frames: [EncodedFrame]
  private let ticksPerFrame: UInt32
  private let interval: Swift.Duration

  init(file: String, isAudio: Bool) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
    var frames: [EncodedFrame] = []
    if isAudio {
      var reader = OggOpusReader(parsing: bytes.span)
      while let frame = try reader.next() { frames.append(frame) }
      ticksPerFrame = 960
      interval = .milliseconds(20)
    } else {
      var reader = IVFReader(parsing: bytes.span)
      while let frame = try reader.next() { frames.append(frame) }
      ticksPerFrame = 4500
      interval = .milliseconds(50)
    }
    self.frames = frames
  }

  /// Sends until the connection is closed; a wish for a key frame goes to the next one of the file.
  func play(to sender: RTPSender) async {
    let wishes = Wishes()
    let requests = sender.keyFrameRequests()
    Task { for await _ in requests { await wishes.add() } }
    var timestamp: UInt32 = 0
    var index = 0
    let clock = ContinuousClock()
    var due = clock.now
    while !frames.isEmpty {
      if await wishes.take() {
        index = frames.indices.first { $0 >= index && frames[$0].isKeyFrame } ?? 0
      }
      var frame = frames[index]
      frame.timestamp = timestamp
      do {
        try await sender.send(frame)
      } catch .closed {
        return
      } catch {
        // Not agreed, or not connected, or switched off: begin with a key frame when it is.
        await wishes.add()
      }
      index = (index + 1) % frames.count
      timestamp &+= ticksPerFrame
      due += interval
      try? await clock.sleep(until: due)
    }
  }

  private actor Wishes {
    private var isWanted = false
    func add() { isWanted = true }
    func take() -> Bool {
      defer { isWanted = false }
      return isWanted
    }
  }
}
