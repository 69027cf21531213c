import QRCodes
import Testing

@Suite struct QRCodeTests {
  @Test func `a link becomes a square with three finders`() throws {
    let code = try #require(QRCode("https://192.168.1.20:8443/room/demo"))
    let width = code.modules.count
    #expect(width == 29 && code.modules.allSatisfy { $0.count == width })
    let finder = [
      "#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######",
    ]
    for (top, left) in [(0, 0), (0, width - 7), (width - 7, 0)] {
      let found = (0..<7).map { row in
        (0..<7).map { code.modules[top + row][left + $0] ? "#" : " " }.joined()
      }
      #expect(found == finder)
    }
  }

  @Test func `what does not fit or cannot be said has no code`() {
    #expect(QRCode("") == nil)
    #expect(QRCode("a\0b") == nil)
    #expect(QRCode(String(repeating: "x", count: 2331)) != nil)
    #expect(QRCode(String(repeating: "x", count: 2332)) == nil)
  }

  @Test func `lines show two rows each, with a margin of light`() throws {
    let code = try #require(QRCode("x"))
    let width = code.modules.count + 4
    let lines = code.lines(colours: false)
    #expect(lines.count == (width + 1) / 2)
    #expect(lines.allSatisfy { $0.count == width })
    // Light is drawn on a dark terminal: a margin of two modules, then the finder's dark edge.
    #expect(lines[0] == String(repeating: "█", count: width))
    #expect(lines[1].hasPrefix("██ ▄▄▄▄▄ █"))
    let coloured = code.lines(colours: true)
    #expect(coloured[1].hasPrefix("\u{1B}[38;5;16;48;5;231m  █▀▀▀▀▀█ "))
    #expect(coloured.allSatisfy { $0.hasSuffix("\u{1B}[0m") })
  }
}
