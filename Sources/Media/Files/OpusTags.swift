import Wire

/// The comment header of Opus in Ogg (RFC 7845 §5.2).
public struct OpusTags: Sendable, Hashable {
  /// Who wrote the file.
  public var vendor: String
  /// Comments as `NAME=value`.
  public var comments: [String]

  /// A comment header.
  public init(vendor: String = "", comments: [String] = []) {
    self.vendor = vendor
    self.comments = comments
  }

  init(parsing packet: Span<UInt8>) throws(MediaFileError) {
    var reader = FieldReader(packet)
    do throws(MediaFileError) {
      for byte in "OpusTags".utf8 {
        guard try reader.readUInt8() == byte else { throw .malformed }
      }
      vendor = try Self.readText(&reader)
      let count = try reader.readUInt32()
      comments = []
      // Each takes four bytes at least, so the packet's length bounds them.
      for _ in 0..<count { comments.append(try Self.readText(&reader)) }
    } catch {
      // The packet is whole: it is the fields that do not fit it.
      throw error == .truncated ? .malformed : error
    }
  }

  private static func readText(_ reader: inout FieldReader) throws(MediaFileError) -> String {
    let text = try reader.take(Int(try reader.readUInt32()))
    return String(decoding: text.indices.map { text[$0] }, as: UTF8.self)
  }

  var bytes: [UInt8] {
    let texts = comments.map { Array($0.utf8) }
    let name = Array(vendor.utf8)
    let count = texts.reduce(16 + name.count) { $0 + 4 + $1.count }
    return [UInt8](capacity: count) { output in
      for byte in "OpusTags".utf8 { output.append(byte) }
      output.append(littleEndian: UInt32(clamping: name.count))
      output.append(copying: name.span)
      output.append(littleEndian: UInt32(clamping: texts.count))
      for text in texts {
        output.append(littleEndian: UInt32(clamping: text.count))
        output.append(copying: text.span)
      }
    }
  }
}
