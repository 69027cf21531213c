import CQREncode

/// A text as a QR code (ISO/IEC 18004), for a telephone's camera.
public struct QRCode: Sendable, Equatable {
  /// Rows of modules from the top, true where dark, without the margin.
  public let modules: [[Bool]]

  /// The smallest code that holds `text` and can be read with 15 % of it hidden; nil for more than 2331
  /// bytes, for none, and for text with a NUL.
  public init?(_ text: String) {
    guard !text.isEmpty, !text.utf8.contains(0) else { return nil }
    // unsafe: the code is owned here and freed before this returns; it has width × width bytes.
    guard let code = unsafe QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) else { return nil }
    defer { unsafe QRcode_free(code) }
    let width = Int(unsafe code.pointee.width)
    guard width > 0, let data = unsafe code.pointee.data else { return nil }
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: width * width))
    modules = (0..<width).map { row in
      // The lowest bit is the colour.
      bytes[row * width..<(row + 1) * width].map { $0 & 1 == 1 }
    }
  }

  /// Lines for a terminal, two rows of modules each, with the margin that readers need. With `colours`
  /// it is black on white whatever the terminal's own colours are.
  public func lines(colours: Bool) -> [String] {
    let margin = 2
    let width = modules.count + 2 * margin
    func isDark(_ row: Int, _ column: Int) -> Bool {
      let (row, column) = (row - margin, column - margin)
      return modules.indices.contains(row) && modules.indices.contains(column)
        && modules[row][column]
    }
    return stride(from: 0, to: width, by: 2).map { row in
      let line = (0..<width).map { column in
        // Without colours the terminal is taken to be light on dark.
        switch (isDark(row, column) == colours, isDark(row + 1, column) == colours) {
        case (true, true): "█"
        case (true, false): "▀"
        case (false, true): "▄"
        case (false, false): " "
        }
      }.joined()
      return colours ? "\u{1B}[38;5;16;48;5;231m\(line)\u{1B}[0m" : line
    }
  }
}
