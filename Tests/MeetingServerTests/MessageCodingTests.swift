import Foundation
import Signaling
import Testing
import Wire

@testable import MeetingServer

private func code(_ text: String) -> SignalingErrorCode? {
  switch MessageCoding(limits: SignalingLimits()).decode(text) {
  case .success: nil
  case .failure(let failure): failure.code
  }
}

@Test(arguments: [10, 33, 600, 10_000, 120_000])
func `deep JSON is refused, never fatal`(depth: Int) {
  for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
    let nested =
      String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
    let expected: SignalingErrorCode? = depth > 31 ? .badMessage : nil
    #expect(code(#"{"type":"ping","payload":\#(nested)}"#) == expected)
    #expect(code(#"{"type":"leave","x":\#(nested)}"#) == expected)
    #expect(code(String(nested.prefix(depth))) == .badMessage)
  }
}

@Test func `many values are refused before they cost anything`() {
  let numbers = "[" + String(repeating: "1,", count: 120_000) + "1]"
  #expect(code(#"{"type":"ping","payload":\#(numbers)}"#) == .badMessage)
  let keys = "{" + (0..<20_000).map { "\"\($0)\":1" }.joined(separator: ",") + "}"
  #expect(code(#"{"type":"ping","payload":\#(keys)}"#) == .badMessage)
}

@Test(arguments: [
  "1e999", "-1e999", "1e-999", "18446744073709551616", "-9223372036854775809", "0x10", "01", "1.",
  "NaN", "Infinity", "--1", "1e", String(repeating: "9", count: 1_000),
])
func `strange numbers are a typed error or a number`(number: String) {
  for text in [
    #"{"type":"ping","payload":\#(number)}"#,
    #"{"type":"resume","payload":{"resumeToken":"t","lastSeq":\#(number)}}"#,
    #"{"type":"view","payload":{"tiles":[{"userId":"p","source":"camera","width":\#(number),"height":1}]}}"#,
  ] {
    #expect([nil, .badMessage, .badPayload].contains(code(text)))
  }
}

@Test(arguments: [
  #"{"type":"ping","type":"leave"}"#, #"{"type":"\ud800"}"#, #"{"\ud800":1}"#,
  "{\"type\":\"ping\",}",
  #"{"type":"offer","to":"\ud800"}"#, "\u{feff}{\"type\":\"ping\"}", "{\"type\":\"pi\u{0}ng\"}",
  #"{"type":"ping","payload":{"a":1,"a":2}}"#, #"{"type":"ping","payload":"\u0000"}"#,
])
func `oddities of JSON never trap`(text: String) {
  #expect([nil, .badMessage, .badPayload, .unknownType].contains(code(text)))
}

/// Valid messages with a few bytes changed, removed or doubled: always a message or a typed error, and what
/// is a message can be said again.
@Test func `mutated messages never trap`() throws {
  let seeds = [
    #"{"type":"join","roomId":"tea","payload":{"name":"Ana","sdp":"v=0\r\n","sources":[{"mid":"0","source":"camera"}],"media":{"camera":true}}}"#,
    #"{"type":"view","payload":{"tiles":[{"userId":"p","source":"screen","width":1,"height":2,"priority":-3}]}}"#,
    #"{"type":"join","roomId":"tea","payload":{"name":"Ana","bandwidth":{"up":1650000.5,"down":-1},"codec":"vp9"}}"#,
    #"{"type":"statistics","payload":{"on":true}}"#,
    #"{"type":"offer","to":"p-1","payload":{"a":[1,2.5,null,true,"\ud83d\ude00",{"b":[]}]}}"#,
    #"{"type":"resume","payload":{"resumeToken":"abc","lastSeq":41}}"#,
  ].map { Array($0.utf8) }
  var random = RandomSource.seeded(7)
  let alphabet = Array("{}[]\":,\\0123456789eE+-.untrlsf \u{0}\u{7f}".utf8) + [0xFF, 0xC3, 0xED]
  let coding = MessageCoding(limits: SignalingLimits())
  for _ in 0..<4_000 {
    var bytes = seeds[Int.random(in: seeds.indices, using: &random)]
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[place] = alphabet[Int.random(in: alphabet.indices, using: &random)]
      case 1 where bytes.count > 1: bytes.remove(at: place)
      default: bytes.insert(contentsOf: bytes[place...].prefix(8), at: place)
      }
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard case .success(let message) = coding.decode(text) else { continue }
    let again = try JSONEncoder().encode(message)
    let second = try? coding.decode(String(decoding: again, as: UTF8.self)).get()
    #expect(second == message, "\(text)")
  }
}

@Test func `every length of a message that is cut is a typed error`() {
  let text = #"{"type":"offer","to":"p-1","payload":{"a":[1,2.5,null,true,"é😀"]}}"#
  for length in 0..<text.utf8.count {
    #expect(code(String(decoding: text.utf8.prefix(length), as: UTF8.self)) == .badMessage)
  }
  #expect(code(text) == nil)
}

/// Hashing or comparing such text takes time that grows with the square of its length.
private let marks =
  String(repeating: "\u{300}", count: 60_000) + String(repeating: "\u{316}", count: 60_000)

@Test func `text that is costly to compare is refused before it is compared`() {
  let start = processorTime()
  #expect(code(#"{"\#(marks)":1,"type":"leave"}"#) == .badMessage)
  #expect(code(#"{"type":"ping","payload":{"a":{"\#(marks)":1}}}"#) == .badMessage)
  #expect(code(#"{"type":"\#(marks)"}"#) == .unknownType)
  // As a value it is only passed on.
  #expect(code(#"{"type":"ping","payload":"\#(marks)"}"#) == nil)
  // Hashing it once takes longer than this, even where nothing else runs.
  #expect(processorTime() - start < .seconds(2))
}
