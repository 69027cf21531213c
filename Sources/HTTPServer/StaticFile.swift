import FoundationEssentials

/// One file: where it is, and once asked for, what it holds.
struct StaticFile {
  /// What tells whether a file changed.
  struct Stamp: Equatable {
    var size: Int
    var modified: Date

    /// Nil for what is no regular file.
    init?(_ location: String) {
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: location),
        attributes[.type] as? FileAttributeType == .typeRegular,
        let size = attributes[.size] as? Int ?? (attributes[.size] as? UInt64).map(Int.init),
        let modified = attributes[.modificationDate] as? Date
      else { return nil }
      self.size = size
      self.modified = modified
    }
  }

  /// The content in the forms it is sent in.
  struct Representation {
    var identity: [UInt8]
    var gzip: [UInt8]?
    /// Entity tag without its quotes.
    var tag: String
  }

  private let type: ContentType
  private let location: String?
  private var stamp: Stamp?
  private(set) var representation: Representation?

  /// A file in memory.
  init(path: String, content: [UInt8]) {
    type = ContentType(path: path)
    location = nil
    representation = Self.represent(content, type)
  }

  /// A file on disk, not read yet.
  init(path: String, location: String, stamp: Stamp) {
    type = ContentType(path: path)
    self.location = location
    self.stamp = stamp
  }

  /// Reads the file if that is due; true if anything changed.
  mutating func refresh() -> Bool {
    guard let location else { return false }
    let stamp = Stamp(location)
    if stamp == self.stamp, representation != nil { return false }
    self.stamp = stamp
    let content = stamp.flatMap { _ in FileManager.default.contents(atPath: location) }
    representation = content.map { Self.represent([UInt8]($0), type) }
    return true
  }

  /// The whole file, or 304 where the client has it.
  func response(to request: HTTPRequest) -> HTTPResponse {
    guard let representation else { return .status(.notFound) }
    let wantsGzip = ContentCoding.acceptsGzip(request.headers)
    let packed = wantsGzip ? representation.gzip : nil
    let tag = "\"\(representation.tag)\(packed == nil ? "" : "-gzip")\""
    var response = HTTPResponse(headers: [
      "Content-Type": type.name, "ETag": tag, "Cache-Control": "no-cache",
    ])
    if type.isCompressible { response.headers["Vary"] = "Accept-Encoding" }
    if ContentCoding.matches(request.headers, tag: tag) {
      response.status = .notModified
      return response
    }
    if packed != nil { response.headers["Content-Encoding"] = "gzip" }
    response.body = packed ?? representation.identity
    return response
  }

  private static func represent(_ content: [UInt8], _ type: ContentType) -> Representation {
    let packed = type.isCompressible && content.count > 256 ? Gzip.compress(content) : nil
    let digest = Digest.base64(Digest.sha1(content)).prefix(22)
    return Representation(
      identity: content, gzip: packed.flatMap { $0.count < content.count ? $0 : nil },
      tag: String(digest))
  }
}

/// A media type and whether compressing it helps.
struct ContentType {
  let name: String
  let isCompressible: Bool

  /// The type that a path's extension says.
  init(path: String) {
    let file = path.split(separator: "/").last ?? ""
    let dot = file.lastIndex(of: ".")
    let suffix = dot.map { file[file.index(after: $0)...].lowercased() } ?? ""
    (name, isCompressible) = Self.types[suffix] ?? ("application/octet-stream", false)
  }

  private static let types: [String: (String, Bool)] = [
    "html": ("text/html; charset=utf-8", true), "css": ("text/css; charset=utf-8", true),
    "js": ("text/javascript; charset=utf-8", true),
    "mjs": ("text/javascript; charset=utf-8", true), "json": ("application/json", true),
    "map": ("application/json", true), "webmanifest": ("application/manifest+json", true),
    "svg": ("image/svg+xml", true), "txt": ("text/plain; charset=utf-8", true),
    "md": ("text/markdown; charset=utf-8", true), "xml": ("application/xml", true),
    "wasm": ("application/wasm", true), "png": ("image/png", false),
    "jpg": ("image/jpeg", false), "jpeg": ("image/jpeg", false), "gif": ("image/gif", false),
    "webp": ("image/webp", false), "avif": ("image/avif", false),
    "ico": ("image/x-icon", false), "woff2": ("font/woff2", false), "woff": ("font/woff", false),
    "mp3": ("audio/mpeg", false), "ogg": ("audio/ogg", false), "opus": ("audio/ogg", false),
    "wav": ("audio/wav", true), "mp4": ("video/mp4", false), "webm": ("video/webm", false),
    "pdf": ("application/pdf", false),
  ]
}

/// What a client says about the representations it wants.
enum ContentCoding {
  /// Whether gzip is acceptable (RFC 9110 §12.5.3).
  static func acceptsGzip(_ headers: HTTPFields) -> Bool {
    var wildcard = false
    for token in headers.tokens("Accept-Encoding") {
      let parts = token.split(separator: ";").map { $0.trimmed }
      let isRefused = parts.dropFirst().contains { part in
        part.hasPrefix("q=") && part.dropFirst(2).allSatisfy { $0 == "0" || $0 == "." }
      }
      switch parts.first {
      case "gzip", "x-gzip": return !isRefused
      case "*": wildcard = !isRefused
      default: break
      }
    }
    return wildcard
  }

  /// Whether `If-None-Match` names the tag (RFC 9110 §13.1.2, weak comparison).
  static func matches(_ headers: HTTPFields, tag: String) -> Bool {
    let names = ["*", tag, "W/" + tag].map { Array($0.utf8)[...] }
    return headers.values("If-None-Match").flatMap {
      Array($0.utf8)[...].split(separator: UInt8(ascii: ","))
    }.contains { names.contains($0.trimmed) }
  }
}
