import Foundation
import Signaling
import Testing

private func failure(_ text: String) -> SignalingFailure? {
  do {
    _ = try JSONDecoder().decode(ClientMessage.self, from: Data(text.utf8))
    return nil
  } catch let failure as SignalingFailure {
    return failure
  } catch {
    return SignalingFailure(.badMessage, "")
  }
}

private let hostile = [
  "null", "true", "1", "-1", "1.5", "1e999", "18446744073709551616", "\"x\"", "\"\\ud800\"", "[]",
  "[1]",
  "{}", "{\"a\":1}", "[[[[[[[[1]]]]]]]]", "\"\\u0000\"", "99999999999999999999999999999999999999",
]

private let numbers = [
  "1", "-1", "1.5", "18446744073709551616", "99999999999999999999999999999999999999",
]

@Test func `the payload of every message is refused in every wrong type, by name`() {
  let fields: [(String, String, [String])] = [
    ("join", #"{"name":%}"#, ["\"x\"", "\"\\u0000\""]),
    ("join", #"{"name":"a","sdp":%}"#, ["null", "\"x\"", "\"\\u0000\""]),
    ("join", #"{"name":"a","sources":%}"#, ["null", "[]"]),
    ("join", #"{"name":"a","sources":[{"mid":%,"source":"camera"}]}"#, ["\"x\"", "\"\\u0000\""]),
    ("join", #"{"name":"a","sources":[{"mid":"0","source":%}]}"#, []),
    ("join", #"{"name":"a","media":%}"#, ["null", "{}", "{\"a\":1}"]),
    ("join", #"{"name":"a","media":{"camera":%}}"#, ["null", "true"]),
    ("join", #"{"name":"a","bandwidth":%}"#, ["null", "{}", "{\"a\":1}"]),
    ("join", #"{"name":"a","bandwidth":{"up":%}}"#, ["null"] + numbers),
    ("join", #"{"name":"a","bandwidth":{"down":%}}"#, ["null"] + numbers),
    ("join", #"{"name":"a","codec":%}"#, ["null"]),
    ("statistics", #"{"on":%}"#, ["true"]),
    ("resume", #"{"resumeToken":%,"lastSeq":1}"#, ["\"x\"", "\"\\u0000\""]),
    ("resume", #"{"resumeToken":"x","lastSeq":%}"#, ["1"]),
    ("negotiate", #"{"sdp":%}"#, ["\"x\"", "\"\\u0000\""]),
    ("update", #"{"name":%}"#, ["null", "\"x\"", "\"\\u0000\""]),
    ("update", #"{"media":{"microphone":%}}"#, ["null", "true"]),
    ("view", #"{"tiles":%}"#, ["[]"]),
    ("view", #"{"tiles":[{"userId":"p","source":"camera","width":%,"height":1}]}"#, ["1", "-1"]),
    (
      "view", #"{"tiles":[{"userId":"p","source":"camera","width":1,"height":1,"priority":%}]}"#,
      ["null", "1", "-1"]
    ),
  ]
  for (type, template, taken) in fields {
    for value in hostile {
      let payload = template.replacingOccurrences(of: "%", with: value)
      let found = failure(#"{"type":"\#(type)","roomId":"tea","payload":\#(payload)}"#)
      if taken.contains(value) {
        #expect(found == nil, "\(type) \(payload)")
      } else {
        #expect(found?.code == .badPayload, "\(type) \(payload)")
        #expect(found?.inReplyTo == type)
      }
    }
  }
}

@Test(arguments: [
  ("0", 300_000), ("-1e300", 300_000), ("300000", 300_000), ("1650000.5", 1_650_000),
  ("10000000", 10_000_000), ("1e308", 10_000_000),
])
func `a bandwidth hint is taken as the nearest value a start may have`(
  number: String, taken: Int
) throws {
  let text = #"{"up":\#(number),"down":\#(number)}"#
  let hint = try JSONDecoder().decode(BandwidthHint.self, from: Data(text.utf8))
  #expect(hint == BandwidthHint(up: taken, down: taken))
  #expect(hint.up == taken)
  #expect(BandwidthHint(up: .min, down: .max) == BandwidthHint(up: 300_000, down: 10_000_000))
}

@Test(arguments: VideoCodecName.allCases)
func `every codec has its name on the wire`(codec: VideoCodecName) throws {
  let text = #"{"type":"join","payload":{"name":"a","codec":"\#(codec.rawValue)"}}"#
  let read = try JSONDecoder().decode(ClientMessage.self, from: Data(text.utf8))
  #expect(read == .join(JoinRequest(name: "a", codec: codec), room: nil))
  let shouted = text.replacingOccurrences(of: codec.rawValue, with: codec.rawValue.uppercased())
  #expect(failure(shouted)?.code == .badPayload)
}

@Test func `every field of the envelope is refused in every wrong type`() {
  for value in hostile {
    let type = failure(#"{"type":\#(value)}"#)
    #expect(type?.code == (value == "\"x\"" || value == "\"\\u0000\"" ? .unknownType : .badMessage))
    let to = failure(#"{"type":"offer","to":\#(value)}"#)
    #expect(to?.code == (["null", "\"x\"", "\"\\u0000\""].contains(value) ? nil : .badMessage))
    #expect(
      failure(#"{"type":"leave","roomId":\#(value),"userId":\#(value),"seq":\#(value)}"#) == nil)
    #expect(failure(value)?.code == .badMessage)
  }
}

@Test(arguments: hostile)
func `anything is relayed that a number can hold`(value: String) throws {
  let isAnything = !["1e999", "\"\\ud800\"", "99999999999999999999999999999999999999"].contains(
    value)
  let text = #"{"type":"offer","payload":\#(value)}"#
  if value.hasPrefix("999") || isAnything {
    let message = try JSONDecoder().decode(ClientMessage.self, from: Data(text.utf8))
    guard case .relayed(let relayed) = message else {
      Issue.record("not relayed")
      return
    }
    let printed = try JSONEncoder().encode(relayed.payload)
    #expect(try JSONDecoder().decode(JSONValue.self, from: printed) == relayed.payload)
  } else {
    #expect(failure(text)?.code == .badPayload)
  }
}

@Test(arguments: ["", "x", "{", "{\"type\":\"ping\"", "[1", "nul", "\u{0}", "{} x", "{\"type\"}"])
func `what is not JSON is a bad message`(text: String) {
  #expect(failure(text)?.code == .badMessage)
}

@Test func `the text of an error is bounded and says where`() {
  let long = String(repeating: "q", count: 10_000)
  let unknown = failure(#"{"type":"\#(long)"}"#)
  #expect(unknown?.code == .unknownType)
  #expect(unknown?.inReplyTo?.count == 64)
  let wrong = failure(#"{"type":"join","payload":{"name":"a","sources":[{"mid":"0"}]}}"#)
  #expect(wrong?.message.contains("sources[0].source") == true, "\(wrong?.message ?? "")")
}

@Test func `depth and count are seen before decoding, and strings do not count`() {
  let limits = SignalingLimits()
  func fits(_ text: String) -> Bool { JSONShape(of: text.utf8).fits(limits) }
  #expect(fits(String(repeating: "[", count: 32) + String(repeating: "]", count: 32)))
  #expect(!fits(String(repeating: "[", count: 33)))
  #expect(!fits(String(repeating: "{\"a\":", count: 10_000)))
  #expect(fits("\"" + String(repeating: "[,\\\"", count: 10_000) + "\""))
  #expect(fits("[" + String(repeating: "1,", count: 4_094) + "1]"))
  #expect(!fits("[" + String(repeating: "1,", count: 4_095) + "1]"))
  #expect(JSONShape(of: "[1,{\"a\":[]}]".utf8).depth == 3)
  #expect(fits(String(repeating: "]", count: 100)))
}

@Test(arguments: StreamSource.allCases)
func `every source has its name on the wire`(source: StreamSource) throws {
  let text = #"[{"mid":"0","source":"\#(source.rawValue)"}]"#
  let read = try JSONDecoder().decode([SourceAssignment].self, from: Data(text.utf8))
  #expect(read == [SourceAssignment(mid: "0", source: source)])
}
