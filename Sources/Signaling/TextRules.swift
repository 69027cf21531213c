extension SignalingLimits {
  /// The name as it is shown, without white space around it; nil where it is empty, too long or
  /// holds characters that steer how other text is shown.
  public func name(_ text: String) -> String? {
    let name = text.trimmed
    return name.isPlain(atMost: nameLength) ? name : nil
  }

  /// The room id; nil where it is empty, too long or holds control characters.
  public func room(_ text: String) -> String? {
    text.isPlain(atMost: roomLength) ? text : nil
  }

  /// Whether a chat message may say this.
  public func allowsChat(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= chatBytes && !text.utf8.contains(0)
  }
}

extension String {
  fileprivate var trimmed: String {
    let scalars = unicodeScalars
    guard
      let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }

  fileprivate func isPlain(atMost length: Int) -> Bool {
    // Counting stops at the limit: the text may be as long as a message.
    !isEmpty && unicodeScalars.prefix(length &+ 1).count <= length
      && !unicodeScalars.contains(where: \.steersText)
      && unicodeScalars.contains(where: \.isSeen)
  }
}

extension Unicode.Scalar {
  /// Controls, line and paragraph separators, and the bidirectional embeddings, overrides and
  /// isolates (UAX 9 §2), which reach beyond the text they stand in.
  fileprivate var steersText: Bool {
    switch value {
    case 0x202A...0x202E, 0x2066...0x2069: true
    default:
      switch properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: true
      default: false
      }
    }
  }

  fileprivate var isSeen: Bool {
    properties.generalCategory != .format && !properties.isWhitespace
  }
}
