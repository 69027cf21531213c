import ExampleSupport
import Foundation
import WebRTC

let page = ExamplePage(
  title: "File transfer",
  script: """
    connection.ondatachannel = ({ channel }) => {
      channel.binaryType = "arraybuffer";
      const [name, size] = [channel.label, Number(channel.protocol)];
      const progress = document.querySelector("main").appendChild(document.createElement("progress"));
      progress.max = size;
      progress.setAttribute("aria-label", name);
      const parts = [];
      channel.onmessage = ({ data }) => { parts.push(data); progress.value += data.byteLength; };
      channel.onclose = async () => {
        const file = new Blob(parts);
        const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
        const hexadecimal = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
        log(`${name}: ${file.size} bytes, SHA-256 ${hexadecimal.join("")}`);
        const link = document.querySelector("main").appendChild(document.createElement("a"));
        Object.assign(link, { href: URL.createObjectURL(file), download: name, textContent: `Save ${name}` });
      };
    };
    connection.createDataChannel("");
    await connect();
    """)

/// Sends a file in pieces. `send` waits while too much is on its way, so no more than a few pieces are in memory.
@Sendable func send(_ path: String, over connection: PeerConnection) async throws {
  let file = try FileHandle(forReadingFrom: URL(filePath: path))
  let size = try file.seekToEnd()
  try file.seek(toOffset: 0)
  let channel = try await connection.createDataChannel(
    URL(filePath: path).lastPathComponent,
    options: DataChannelOptions(protocolName: "\(size)"))
  try await channel.opened()
  var sent = 0
  while let piece = try file.read(upToCount: 64 << 10), !piece.isEmpty {
    try await channel.send([UInt8](piece))
    sent += piece.count
    print("\r\(path): \(sent * 100 / max(1, Int(size))) %", terminator: "")
  }
  // Closing waits for what was sent to arrive.
  await channel.close()
  print("\r\(path): sent")
}

let paths = Array(CommandLine.arguments.dropFirst())
guard !paths.isEmpty else {
  print("usage: FileTransfer file …")
  exit(2)
}
try await page.serve { offer in
  let connection = try await PeerConnection()
  Task {
    for await case .connectionStateChanged(let state) in connection.events {
      switch state {
      case .connected:
        Task { for path in paths { try await send(path, over: connection) } }
      case .failed: await connection.close()
      default: break
      }
    }
  }
  try await connection.setRemoteDescription(offer)
  try await connection.setLocalDescription()
  return try await connection.gatheredLocalDescription()
}
