import Foundation
import HTTPServer
public import WebRTC

/// What the examples share: a page on this machine, and `POST /offer`, which takes a browser's offer and returns the answer.
///
/// A program of your own has signalling of its own. The page's script finds `connection`, an `RTCPeerConnection`, and
/// calls `connect()` once it has added what it sends; `log(text)` writes a line, `button(label, action)` makes a button.
public struct ExamplePage: Sendable {
  /// Answers an offer.
  public typealias Answerer =
    @Sendable (SessionDescriptionText) async throws -> SessionDescriptionText

  private let title: String
  private let script: String

  /// A page with that heading, which runs `script` as a module.
  public init(title: String, script: String) {
    self.title = title
    self.script = script
  }

  /// Serves the page until the program is ended, at `PORT` of the environment or 8090.
  public func serve(_ answer: @escaping Answerer) async throws {
    let environment = ProcessInfo.processInfo.environment
    let port = environment["PORT"].flatMap { UInt16($0) } ?? 8090
    let server = WebServer(
      configuration: Configuration(
        port: port, securityHeaders: SecurityHeaders(addingPolicy: "media-src 'self' blob:")),
      routes: Routes { request in await respond(to: request, answer) })
    try await server.start()
    print("Open http://localhost:\(server.port ?? port)")
    // The tests read this line through a pipe.
    fflush(nil)
    while true { try await Task.sleep(for: .seconds(3600)) }
  }

  private func respond(to request: HTTPRequest, _ answer: Answerer) async -> HTTPResponse? {
    switch (request.method, request.path) {
    case (.get, "/"): .text(html, contentType: "text/html; charset=utf-8")
    case (.get, "/example.js"): .text(module, contentType: "text/javascript; charset=utf-8")
    case (.post, "/offer"): await respond(toOffer: request.body, answer)
    default: nil
    }
  }

  private func respond(toOffer body: [UInt8], _ answer: Answerer) async -> HTTPResponse {
    do {
      let offer = SessionDescriptionText(kind: .offer, sdp: String(decoding: body, as: UTF8.self))
      return .text(try await answer(offer).sdp, contentType: "application/sdp")
    } catch {
      return .text("\(error)", status: .badRequest)
    }
  }

  private var html: String {
    """
    <!doctype html>
    <html lang="en"><meta charset="utf-8"><title>\(title)</title>
    <meta name="viewport" content="width=device-width">
    <body><main><h1>\(title)</h1><p role="status" id="state">not connected</p></main>
    <script type="module" src="/example.js"></script></body></html>
    """
  }

  private var module: String {
    """
    const main = document.querySelector("main");
    const state = document.querySelector("#state");
    const list = main.appendChild(document.createElement("ol"));
    function log(text) { list.appendChild(document.createElement("li")).textContent = text; }
    function button(label, action) {
      const made = main.insertBefore(document.createElement("button"), list);
      made.textContent = label;
      made.onclick = action;
      return made;
    }
    const connection = new RTCPeerConnection();
    connection.onconnectionstatechange = () => { state.textContent = connection.connectionState; };
    async function connect() {
      await connection.setLocalDescription();
      while (connection.iceGatheringState !== "complete") {
        await new Promise((next) => {
          connection.addEventListener("icegatheringstatechange", next, { once: true });
        });
      }
      const sdp = connection.localDescription.sdp;
      const response = await fetch("/offer", { method: "POST", body: sdp });
      const text = await response.text();
      if (!response.ok) throw new Error(text);
      await connection.setRemoteDescription({ type: "answer", sdp: text });
    }
    window.example = { connection, log, button, connect };

    \(script)
    """
  }
}
