import Net
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct EventLoopTests {
  @Test func `an actor on the loop echoes and is isolated to it`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let echo = try EchoActor(on: loop, socket: try loopbackSocket())
    let client = try loopbackSocket()
    let outbox = Outbox()
    let path = Path(local: client.localAddress, remote: echo.address)
    let sent = (0..<50).map { datagram($0, 100 + $0) }
    for bytes in sent { outbox.append(bytes.span, on: path) }
    client.flush(outbox)
    let received = try collect(sent.count, from: client)
    #expect(received.map(\.bytes) == sent)
    #expect(await echo.wasOffLoop == false)
    #expect(await echo.statistics.receivedDatagrams == 50)
  }
}
