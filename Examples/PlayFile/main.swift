import ExampleSupport
import Foundation
import Media
import WebRTC

/// Frames of a file with the time each is to be sent at.
struct Film {
  let frames: [EncodedFrame]
  let isVideo: Bool

  /// Reads an IVF file with VP8, VP9 or AV1, or an Ogg file with Opus.
  init(path: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    isVideo = path.hasSuffix(".ivf")
    var frames: [EncodedFrame] = []
    if isVideo {
      var reader = IVFReader(parsing: bytes.span)
      while let frame = try reader.next() { frames.append(frame) }
    } else {
      var reader = OggOpusReader(parsing: bytes.span)
      while let frame = try reader.next() { frames.append(frame) }
    }
    self.frames = frames
  }

  /// Sends it over and over until the connection is closed, each frame at its time.
  func play(to sender: RTPSender) async throws {
    guard let first = frames.first, let last = frames.last, frames.count > 1 else { return }
    let ticksPerSecond = isVideo ? 90_000.0 : 48_000.0
    let length = (last.timestamp &- first.timestamp) / UInt32(frames.count - 1) &+ last.timestamp
    let start = ContinuousClock.now
    for round in 0... {
      for frame in frames {
        var frame = frame
        frame.timestamp &+= UInt32(truncatingIfNeeded: round) &* length
        let seconds =
          (Double(round) * Double(length)
            + Double(frame.timestamp &- UInt32(truncatingIfNeeded: round) &* length))
          / ticksPerSecond
        try await Task.sleep(until: start + .seconds(seconds), clock: .continuous)
        try await sender.send(frame)
      }
    }
  }
}

let page = ExamplePage(
  title: "Play a file",
  script: """
    connection.ontrack = ({ track }) => {
      const element = document.querySelector("main").appendChild(document.createElement("video"));
      element.muted = element.autoplay = element.controls = true;
      element.srcObject = new MediaStream([track]);
    };
    for (const kind of ["audio", "video"]) connection.addTransceiver(kind, { direction: "recvonly" });
    await connect();
    """)

let films = try CommandLine.arguments.dropFirst().map { try Film(path: $0) }
guard !films.isEmpty else {
  print("usage: PlayFile picture.ivf sound.ogg")
  exit(2)
}
try await page.serve { offer in
  let connection = try await PeerConnection()
  try await connection.setRemoteDescription(offer)
  for (index, film) in films.enumerated() {
    let transceiver = try await connection.addTrack(
      film.isVideo ? .video : .audio, OutgoingTrack(id: "film-\(index)", streamIDs: ["film"]))
    Task {
      try await connection.connected()
      try await film.play(to: transceiver.sender)
    }
  }
  Task {
    for await case .connectionStateChanged(.failed) in connection.events {
      await connection.close()
    }
  }
  try await connection.setLocalDescription()
  return try await connection.gatheredLocalDescription()
}
