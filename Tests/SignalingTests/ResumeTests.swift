import Signaling
import Testing
import Wire

private func message(_ text: String, isRepeated: Bool = true) -> OutgoingMessage {
  OutgoingMessage(text: "{\"m\":\"\(text)\"}", isRepeated: isRepeated)
}

private func joined(_ limits: SignalingLimits = SignalingLimits()) -> SignalingSession {
  var session = SignalingSession(.meeting, limits: limits, at: .zero)
  _ = session.receive(.join(JoinRequest(name: "Ana"), room: "tea"))
  session.admit()
  return session
}

@Test func `messages are numbered from one, and before the join not at all`() {
  var session = SignalingSession(.meeting, at: .zero)
  #expect(session.send(message("error")) == "{\"m\":\"error\"}")
  _ = session.receive(.join(JoinRequest(name: "Ana"), room: "tea"))
  session.admit()
  #expect(session.send(message("a")) == "{\"m\":\"a\",\"seq\":1}")
  #expect(session.send(message("b")) == "{\"m\":\"b\",\"seq\":2}")
}

@Test func `what was sent without a socket comes on the next one, in order`() {
  var session = joined()
  _ = session.send(message("a"))
  _ = session.socketClosed(isGoingAway: false, at: .zero)
  #expect(session.send(message("b")) == nil)
  #expect(session.send(message("c")) == nil)
  let repeated = session.resume(after: 1)
  #expect(repeated?.messages == ["{\"m\":\"b\",\"seq\":2}", "{\"m\":\"c\",\"seq\":3}"])
  #expect(repeated?.missed == false)
  #expect(session.send(message("d")) == "{\"m\":\"d\",\"seq\":4}")
}

@Test func `a message lost with the old socket is repeated`() {
  var session = joined()
  for text in ["a", "b", "c"] { _ = session.send(message(text)) }
  #expect(session.resume(after: 2)?.messages == ["{\"m\":\"c\",\"seq\":3}"])
}

@Test func `passing messages are neither kept nor missed`() {
  var session = joined()
  _ = session.send(message("a"))
  #expect(session.send(message("speakers", isRepeated: false)) != nil)
  _ = session.socketClosed(isGoingAway: false, at: .zero)
  #expect(session.send(message("speakers", isRepeated: false)) == nil)
  let repeated = session.resume(after: 1)
  #expect(repeated?.messages == [])
  #expect(repeated?.missed == false)
  #expect(session.send(message("b")) == "{\"m\":\"b\",\"seq\":3}")
}

@Test(arguments: [
  (300, 0, true), (300, 43, true), (300, 44, false), (256, 0, false), (257, 0, true),
  (600, 400, false),
])
func `the last 256 messages are kept`(sent: Int, lastSeq: UInt64, isMissed: Bool) {
  var session = joined()
  for number in 0..<sent { _ = session.send(message("\(number)")) }
  let repeated = session.resume(after: lastSeq)
  #expect(repeated?.missed == isMissed)
  #expect(repeated?.messages.count == min(256, sent - Int(lastSeq)))
  #expect(repeated?.messages.last == "{\"m\":\"\(sent - 1)\",\"seq\":\(sent)}")
}

@Test func `half a megabyte is kept at most`() {
  var session = joined()
  let long = String(repeating: "x", count: 200_000)
  for _ in 0..<9 { _ = session.send(message(long)) }
  let repeated = session.resume(after: 0)
  #expect(repeated?.messages.count == 2)
  #expect(repeated?.missed == true)
}

@Test func `a message longer than everything that is kept is missed, not fatal`() {
  var limits = SignalingLimits()
  limits.repeatedBytes = 8
  var session = joined(limits)
  _ = session.send(message("longer than eight bytes"))
  #expect(session.resume(after: 0)?.missed == true)
  #expect(session.resume(after: 0)?.messages == [])
}

@Test func `a number that was never sent counts as missed`() {
  var session = joined()
  _ = session.send(message("a"))
  #expect(session.resume(after: .max)?.missed == true)
  #expect(session.resume(after: .max)?.messages == [])
}

@Test func `a burst passes, then fifty a second`() {
  var bucket = TokenBucket(rate: 50, burst: 200, at: .zero)
  let burst = (0..<250).count { _ in bucket.take(at: .zero) }
  #expect(burst == 200)
  let second = (0..<1_000).count { bucket.take(at: .zero + .milliseconds(Int64($0) + 1)) }
  #expect(second == 50)
  let later = (0..<500).count { _ in bucket.take(at: .zero + .seconds(3_600)) }
  #expect(later == 200)
}

@Test func `a bucket survives a clock that stands still, jumps or runs backwards`() {
  var bucket = TokenBucket(rate: 50, burst: 2, at: Instant(nanoseconds: .min))
  let taken = [
    bucket.take(at: Instant(nanoseconds: .max)), bucket.take(at: Instant(nanoseconds: .min)),
    bucket.take(.max, at: .zero), bucket.take(-5, at: Instant(nanoseconds: .max)),
  ]
  #expect(taken == [true, false, false, true])
}
