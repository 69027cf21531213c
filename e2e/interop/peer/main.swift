import Foundation
import WebRTC

/// A connection driven by lines of JSON, so that a test in another language can try it with other stacks.
let peer = InteropPeer()
let (lines, feed) = AsyncStream<String>.makeStream()
Thread.detachNewThread {
  while let line = readLine() { feed.yield(line) }
  feed.finish()
}
for await line in lines {
  guard let command = try? JSONDecoder().decode(Command.self, from: Data(line.utf8)) else {
    Line.write(["error": "not a command: \(line)"])
    continue
  }
  do {
    var answer = try await peer.perform(command)
    answer["id"] = command.id
    Line.write(answer)
  } catch {
    Line.write(["id": command.id, "error": "\(error)"])
  }
}
await peer.close()
