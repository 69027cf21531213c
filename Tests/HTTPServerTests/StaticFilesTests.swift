import Foundation
import Testing

@testable import HTTPServer

@Suite struct StaticFilesTests {
  static let files = Routes.testing.files ?? StaticFiles(table: [:])

  static func get(
    _ path: String, _ headers: HTTPFields = [:], method: HTTPRequest.Method = .get,
    files: StaticFiles = files
  ) -> HTTPResponse? {
    files.response(to: HTTPRequest(method: method, path: path, headers: headers))
  }

  @Test(arguments: [
    ("a.js", "text/javascript; charset=utf-8"), ("a.mjs", "text/javascript; charset=utf-8"),
    ("a.css", "text/css; charset=utf-8"), ("a.html", "text/html; charset=utf-8"),
    ("a.HTML", "text/html; charset=utf-8"), ("a.svg", "image/svg+xml"), ("a.png", "image/png"),
    ("a.json", "application/json"), ("a.woff2", "font/woff2"), ("a.wasm", "application/wasm"),
    ("a.webmanifest", "application/manifest+json"), ("a", "application/octet-stream"),
    ("a.", "application/octet-stream"), ("a.b/c", "application/octet-stream"),
  ])
  func `a type follows from an extension`(name: String, type: String) {
    let files = StaticFiles(table: ["/" + name: [1]])
    #expect(Self.get("/" + name, files: files)?.headers["Content-Type"] == type)
  }

  @Test func `a client that has the file is told so`() throws {
    let first = try #require(Self.get("/app.js"))
    let tag = try #require(first.headers["ETag"])
    #expect(first.headers["Cache-Control"] == "no-cache")
    #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.count > 20)
    for value in [tag, "W/" + tag, "\"x\", \(tag)", "*"] {
      let again = try #require(Self.get("/app.js", ["If-None-Match": value]))
      #expect(again.status == .notModified)
      #expect(again.body.isEmpty)
      #expect(again.headers["ETag"] == tag)
    }
    #expect(Self.get("/app.js", ["If-None-Match": "\"x\""])?.status == .ok)
  }

  @Test func `gzip is sent to who takes it`() throws {
    let plain = try #require(Self.get("/app.js"))
    let packed = try #require(Self.get("/app.js", ["Accept-Encoding": "br;q=1, GZIP"]))
    #expect(packed.headers["Content-Encoding"] == "gzip")
    #expect(packed.body.count * 4 < plain.body.count)
    #expect(packed.body.prefix(3) == [0x1F, 0x8B, 8])
    #expect(packed.headers["ETag"] != plain.headers["ETag"])
    #expect(plain.headers["Vary"] == "Accept-Encoding")
    #expect(packed.headers["Vary"] == "Accept-Encoding")
    for refusal in ["gzip;q=0", "gzip; q=0.0", "identity", "", "*;q=0"] {
      #expect(Self.get("/app.js", ["Accept-Encoding": refusal])?.headers["Content-Encoding"] == nil)
    }
    #expect(Self.get("/app.js", ["Accept-Encoding": "*"])?.headers["Content-Encoding"] == "gzip")
    let picture = try #require(Self.get("/logo.png", ["Accept-Encoding": "gzip"]))
    #expect(picture.headers["Content-Encoding"] == nil)
    #expect(picture.headers["Vary"] == nil)
  }

  @Test func `other methods are told which there are`() throws {
    let response = try #require(Self.get("/app.js", method: .post))
    #expect(response.status == .methodNotAllowed)
    #expect(response.headers["Allow"] == "GET, HEAD")
    #expect(Self.get("/none.js", method: .post) == nil)
  }

  @Test func `a path can be mapped to a file`() {
    let files = StaticFiles(table: ["/index.html": [65]]) { path in
      path.hasPrefix("/room/") ? "/index.html" : nil
    }
    #expect(Self.get("/room/tea", files: files)?.body == [65])
    #expect(Self.get("/", files: files)?.body == [65])
    #expect(Self.get("/other", files: files) == nil)
  }

  @Test func `a directory is served, and only it`() throws {
    let base = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID())")
    let root = base.appending(path: "web")
    try FileManager.default.createDirectory(
      at: root.appending(path: "sub"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: base) }
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: base.appending(path: name))
    }
    try write("web/index.html", "first")
    try write("web/sub/a.js", "a")
    try write("web/.hidden", "secret")
    try write("secret", "secret")
    let neighbour = base.appending(path: "web-private")
    try FileManager.default.createDirectory(at: neighbour, withIntermediateDirectories: true)
    try write("web-private/secret", "secret")
    try FileManager.default.createSymbolicLink(
      at: root.appending(path: "near"), withDestinationURL: neighbour.appending(path: "secret"))
    try FileManager.default.createSymbolicLink(
      at: root.appending(path: "out"), withDestinationURL: base.appending(path: "secret"))
    let files = try StaticFiles(directory: root.path)
    #expect(Self.get("/", files: files)?.body == Array("first".utf8))
    #expect(Self.get("/sub/a.js", files: files)?.body == Array("a".utf8))
    for path in [
      "/.hidden", "/out", "/near", "/sub", "/sub/", "/../secret", "/sub/../index.html", "/a.js", "",
    ] {
      #expect(Self.get(path, files: files) == nil, "\(path)")
    }
    let tag = Self.get("/", files: files)?.headers["ETag"]
    try write("web/index.html", "second time")
    #expect(Self.get("/", files: files)?.body == Array("second time".utf8))
    #expect(Self.get("/", files: files)?.headers["ETag"] != tag)
    try FileManager.default.removeItem(at: root.appending(path: "index.html"))
    #expect(Self.get("/", files: files) == nil)
  }

  @Test func `a directory that is not there is an error`() {
    #expect(throws: HTTPServerError.directoryUnreadable(path: "/nowhere/at/all")) {
      try StaticFiles(directory: "/nowhere/at/all")
    }
  }
}
