import Foundation
import Glibc
import Signaling
import Testing

/// Text that is put in canonical order in time that grows with the square of its length.
private let marks =
  String(repeating: "\u{300}", count: 60_000) + String(repeating: "\u{316}", count: 60_000)

/// Processor time of this thread: what else goes on at this machine is not in it.
private func processorTime() -> Duration {
  var time = timespec()
  // The kernel writes the time into a local variable.
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

private func failure(_ text: String) -> SignalingFailure? {
  do {
    _ = try JSONDecoder().decode(ClientMessage.self, from: Data(text.utf8))
    return nil
  } catch {
    return error as? SignalingFailure ?? SignalingFailure(.badMessage, "")
  }
}

@Test(arguments: [
  (#"{"type":"%"}"#, SignalingErrorCode.unknownType),
  (#"{"type":"offer","to":"%","payload":{}}"#, .badMessage),
  (#"{"type":"resume","payload":{"resumeToken":"%","lastSeq":1}}"#, .badPayload),
  (
    #"{"type":"negotiate","payload":{"sdp":"","sources":[{"mid":"%","source":"camera"},{"mid":"%","source":"camera"}]}}"#,
    .badPayload
  ),
  (
    #"{"type":"join","payload":{"name":"","sources":[{"mid":"0","source":"%"}]}}"#, .badPayload
  ),
  (
    #"{"type":"view","payload":{"tiles":[{"userId":"%","source":"camera","width":1,"height":1}]}}"#,
    .badPayload
  ),
])
func `text that is costly to compare is refused before it is compared`(
  template: String, code: SignalingErrorCode
) {
  let start = processorTime()
  let found = failure(template.replacing("%", with: marks))
  #expect(found?.code == code)
  // Comparing it once takes longer than this, even where nothing else runs.
  #expect(processorTime() - start < .seconds(2))
}

@Test func `a room id that is costly to compare is no room id`() throws {
  let text = #"{"type":"join","roomId":"\#(marks)","payload":{"name":"Ana"}}"#
  let message = try JSONDecoder().decode(ClientMessage.self, from: Data(text.utf8))
  guard case .join(_, room: nil) = message else {
    Issue.record("the room id is there")
    return
  }
}

@Test func `identifiers have 256 bytes and mids 32`() {
  func view(_ count: Int) -> SignalingFailure? {
    let id = String(repeating: "é", count: count / 2)
    return failure(
      #"{"type":"view","payload":{"tiles":[{"userId":"\#(id)","source":"camera","width":1,"height":1}]}}"#
    )
  }
  #expect(view(256) == nil)
  #expect(view(258)?.code == .badPayload)
  func negotiate(_ count: Int) -> SignalingFailure? {
    let mid = String(repeating: "m", count: count)
    return failure(
      #"{"type":"negotiate","payload":{"sdp":"","sources":[{"mid":"\#(mid)","source":"camera"}]}}"#)
  }
  #expect(negotiate(32) == nil)
  #expect(negotiate(33)?.code == .badPayload)
}

@Test func `long keys are seen before decoding, long values are not keys`() {
  let limits = SignalingLimits()
  func fits(_ text: String) -> Bool { JSONShape(of: text.utf8).fits(limits) }
  let long = String(repeating: "k", count: 257)
  #expect(!fits(#"{"\#(marks)":1}"#))
  #expect(!fits(#"{"a":{"\#(long)" : 1}}"#))
  #expect(fits(#"{"\#(long.dropLast())":1}"#))
  #expect(fits(#"{"a":"\#(long)","b":["\#(long)"],"c":1}"#))
  #expect(JSONShape(of: #"{"a\"bc":":long value:"}"#.utf8).keyBytes == 5)
}
