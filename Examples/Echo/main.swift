import ExampleSupport
import WebRTC

let page = ExamplePage(
  title: "Echo",
  script: """
    const channel = connection.createDataChannel("echo");
    channel.onmessage = ({ data }) => log(`came back: ${data}`);
    channel.onopen = () => channel.send("hello");
    button("Send the time", () => channel.send(new Date().toISOString()));
    await connect();
    """)

try await page.serve { offer in
  let connection = try await PeerConnection()
  Task {
    for await event in connection.events {
      switch event {
      case .dataChannel(let channel): Task { await echo(channel) }
      case .connectionStateChanged(.failed): await connection.close()
      default: break
      }
    }
  }
  try await connection.setRemoteDescription(offer)
  try await connection.setLocalDescription()
  return try await connection.gatheredLocalDescription()
}

/// Returns what comes, until the other side closes the channel.
@Sendable func echo(_ channel: DataChannel) async {
  for await message in channel.messages {
    try? await channel.send(message)
  }
}
