import ExampleSupport
import Synchronization
import WebRTC

let page = ExamplePage(
  title: "Data chat",
  script: """
    const name = prompt("Your name") || "somebody";
    const channel = connection.createDataChannel(name);
    channel.onmessage = ({ data }) => log(data);
    const form = document.querySelector("main").appendChild(document.createElement("form"));
    form.innerHTML = '<label>Message <input autocomplete="off"></label> <button>Send</button>';
    form.onsubmit = (event) => {
      event.preventDefault();
      const input = form.querySelector("input");
      if (input.value && channel.readyState === "open") channel.send(input.value);
      input.value = "";
    };
    await connect();
    """)

/// Who is here.
final class Chat: Sendable {
  private let channels = Mutex<[ObjectIdentifier: DataChannel]>([:])

  /// Has a browser take part until it goes.
  func welcome(_ channel: DataChannel) async {
    channels.withLock { $0[ObjectIdentifier(channel)] = channel }
    await tell("\(channel.label) is here")
    for await case .text(let text) in channel.messages { await tell("\(channel.label): \(text)") }
    channels.withLock { $0[ObjectIdentifier(channel)] = nil }
    await tell("\(channel.label) has left")
  }

  private func tell(_ line: String) async {
    for channel in channels.withLock({ Array($0.values) }) { try? await channel.send(line) }
  }
}

let chat = Chat()
try await page.serve { offer in
  let connection = try await PeerConnection()
  Task {
    for await event in connection.events {
      switch event {
      case .dataChannel(let channel): Task { await chat.welcome(channel) }
      case .connectionStateChanged(.failed): await connection.close()
      default: break
      }
    }
  }
  try await connection.setRemoteDescription(offer)
  try await connection.setLocalDescription()
  return try await connection.gatheredLocalDescription()
}
