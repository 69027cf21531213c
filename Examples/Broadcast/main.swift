import ExampleSupport
import Synchronization
import WebRTC

let page = ExamplePage(
  title: "Broadcast",
  script: """
    async function begin(isSpeaker) {
      for (const made of document.querySelectorAll("button")) made.disabled = true;
      if (isSpeaker) {
        const stream = await navigator.mediaDevices.getUserMedia({ video: true });
        connection.addTrack(stream.getTracks()[0], stream);
        log("you are on air");
      } else {
        connection.addTransceiver("video", { direction: "recvonly" });
        connection.ontrack = ({ track }) => {
          const element = document.querySelector("main").appendChild(document.createElement("video"));
          element.muted = element.autoplay = true;
          element.srcObject = new MediaStream([track]);
        };
      }
      await connect();
    }
    button("Speak", () => begin(true));
    button("Watch", () => begin(false));
    """)

/// One who is seen, and everybody who sees.
final class Studio: Sendable {
  private struct State {
    var speaker: RTPReceiver?
    var viewers: [ObjectIdentifier: RTPSender] = [:]
  }

  private let state = Mutex(State())

  /// Passes on every frame of the speaker's. The picture comes encoded and goes encoded: nothing is decoded here.
  func speak(_ receiver: RTPReceiver) async {
    state.withLock { $0.speaker = receiver }
    for await received in receiver.frames() {
      for viewer in state.withLock({ Array($0.viewers.values) }) {
        try? await viewer.send(received.frame, codec: received.codec)
      }
    }
  }

  /// Has a viewer see what is sent, from the next key frame on, which is asked for.
  func watch(_ sender: RTPSender) async {
    state.withLock { $0.viewers[ObjectIdentifier(sender)] = sender }
    for await _ in sender.keyFrameRequests() {
      await state.withLock({ $0.speaker })?.requestKeyFrame()
    }
    state.withLock { $0.viewers[ObjectIdentifier(sender)] = nil }
  }
}

let studio = Studio()
try await page.serve { offer in
  var configuration = PeerConnection.Configuration()
  configuration.media.videoCodecs = [.vp8]
  let connection = try await PeerConnection(configuration: configuration)
  Task {
    for await event in connection.events {
      switch event {
      case .track(let transceiver): Task { await studio.speak(transceiver.receiver) }
      case .connectionStateChanged(.failed): await connection.close()
      default: break
      }
    }
  }
  try await connection.setRemoteDescription(offer)
  if offer.sdp.contains("a=recvonly") {
    let transceiver = try await connection.addTrack(.video, OutgoingTrack(id: "studio"))
    Task { await studio.watch(transceiver.sender) }
  }
  try await connection.setLocalDescription()
  return try await connection.gatheredLocalDescription()
}
