import ExampleSupport
import Foundation
import Media
import WebRTC

let page = ExamplePage(
  title: "Save the camera",
  script: """
    const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    for (const track of stream.getTracks()) connection.addTrack(track, stream);
    const element = document.querySelector("main").appendChild(document.createElement("video"));
    element.muted = element.autoplay = true;
    element.srcObject = stream;
    button("Stop", () => { connection.close(); log("saved"); });
    await connect();
    """)

/// Writes what a browser sends into `camera.ivf` and `microphone.ogg` until it stops.
@Sendable func save(_ transceiver: RTPTransceiver) async throws {
  let path = transceiver.kind == .video ? "camera.ivf" : "microphone.ogg"
  try Data().write(to: URL(filePath: path))
  let file = try FileHandle(forWritingTo: URL(filePath: path))
  defer { try? file.close() }
  var picture: IVFWriter?
  var sound = OggOpusWriter()
  for await received in transceiver.receiver.frames() {
    if transceiver.kind == .audio {
      try file.write(contentsOf: Data(sound.write(received.frame)))
      continue
    }
    // A file begins with a key frame; its size is the file's.
    if picture == nil, received.frame.isKeyFrame,
      let size = FrameSize(of: received.frame, codec: received.codec)
    {
      let header = IVFHeader(codec: received.codec, size: size)
      picture = IVFWriter(header: header, origin: received.frame.timestamp)
    }
    if let bytes = picture?.write(received.frame) { try file.write(contentsOf: Data(bytes)) }
  }
  if transceiver.kind == .audio {
    try file.write(contentsOf: Data(sound.finish()))
  } else if let header = picture?.header {
    // The number of frames is known only now.
    try file.seek(toOffset: 0)
    try file.write(contentsOf: Data(header.bytes))
  }
  print("saved \(path)")
  fflush(nil)
}

try await page.serve { offer in
  var configuration = PeerConnection.Configuration()
  configuration.media.videoCodecs = [.vp8]
  let connection = try await PeerConnection(configuration: configuration)
  Task {
    for await event in connection.events {
      switch event {
      case .track(let transceiver): Task { try await save(transceiver) }
      case .connectionStateChanged(.failed): await connection.close()
      default: break
      }
    }
  }
  try await connection.setRemoteDescription(offer)
  try await connection.setLocalDescription()
  return try await connection.gatheredLocalDescription()
}
