import Testing

@testable import HTTPServer

@Suite struct SendQueueTests {
  @Test func `what goes in comes out, in order, in writes of a fitting size`() {
    var queue = SendQueue()
    var generator = Xorshift(state: 3)
    var (given, taken, counted, takenCounted) = ([UInt8](), [UInt8](), 0, 0)
    for round in 0..<3_000 {
      let sizes = [0, 1, 10, 4095, 4096, 100_000]
      let size = sizes.randomElement(using: &generator) ?? 0
      if round % 3 != 0 || size < 4096 {
        let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: size)
        queue.append(bytes, isCounted: round % 2 == 0)
        given += bytes
        if round % 2 == 0 { counted += size }
      }
      while Bool.random(using: &generator), let next = queue.next() {
        #expect(!next.bytes.isEmpty && next.bytes.count <= SendQueue.writeSize)
        taken += next.bytes
        takenCounted += next.counted
      }
    }
    while let next = queue.next() {
      taken += next.bytes
      takenCounted += next.counted
    }
    #expect(queue.isEmpty)
    #expect(taken == given)
    #expect(takenCounted == counted)
  }

  @Test func `dropping messages leaves what is under way and what is no message`() {
    var queue = SendQueue()
    queue.dropCounted()
    #expect(queue.isEmpty)
    queue.append([1, 2, 3])
    queue.append([4], isCounted: true)
    queue.append([5])
    queue.dropCounted()
    #expect(queue.next()?.bytes == [1, 2, 3, 5])
    queue.append([UInt8](repeating: 6, count: 70_000), isCounted: true)
    queue.append([7], isCounted: true)
    #expect(queue.next()?.bytes.count == SendQueue.writeSize)
    queue.dropCounted()
    queue.append([8])
    var rest: [UInt8] = []
    while let next = queue.next() { rest += next.bytes }
    #expect(rest == [UInt8](repeating: 6, count: 70_000 - SendQueue.writeSize) + [8])
  }
}
