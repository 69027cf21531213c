import HTTPServer
import Signaling

/// WHIP (RFC 9725) and its playback twin WHEP: an SDP offer in, an answer and a URL that ends it out.
struct HTTPMediaRoutes: Sendable {
  private enum Target {
    case endpoint(room: String)
    case session(room: String, resource: String)

    init?(_ segments: ArraySlice<String>) {
      guard let room = segments.first, let last = segments.last else { return nil }
      switch segments.count {
      case 1: self = .endpoint(room: room)
      case 2: self = .session(room: room, resource: last)
      default: return nil
      }
    }
  }

  let meeting: Meeting
  let limits: SignalingLimits
  let origins: OriginPolicy

  /// The answer to a request below `/whip` or `/whep`; nil for any other path.
  func respond(to request: HTTPRequest) async -> HTTPResponse? {
    let segments = request.path.split(separator: "/").map(String.init)
    guard let first = segments.first, first == "whip" || first == "whep" else { return nil }
    return await origins.guarding(request, exposed: "Location, ETag, Link") {
      await respond(to: request, segments.dropFirst(), isPlayer: first == "whep")
    }
  }

  private func respond(
    to request: HTTPRequest, _ segments: ArraySlice<String>, isPlayer: Bool
  ) async -> HTTPResponse {
    guard let target = Target(segments) else { return .status(.notFound) }
    switch (target, request.method) {
    case (_, .options): return preflight(target)
    case (.endpoint(let room), .post):
      return await offer(request, room: room, isPlayer: isPlayer)
    case (.endpoint, _): return .methodNotAllowed(allow: "POST, OPTIONS")
    case (.session(let room, let resource), .delete):
      let isEnded = await meeting.end(resource, in: room, isPlayer: isPlayer)
      return isEnded ? HTTPResponse() : .status(.notFound)
    case (.session(let room, let resource), _):
      // No trickled candidates and no ICE restart here (RFC 9725 §4.3).
      guard await meeting.has(resource, in: room, isPlayer: isPlayer) else {
        return .status(.notFound)
      }
      return .methodNotAllowed(allow: "DELETE, OPTIONS")
    }
  }

  private func preflight(_ target: Target) -> HTTPResponse {
    let methods: String
    switch target {
    case .endpoint: methods = "POST, OPTIONS"
    case .session: methods = "DELETE, OPTIONS"
    }
    return .preflight(methods: methods, accepts: "application/sdp")
  }

  private func offer(
    _ request: HTTPRequest, room text: String, isPlayer: Bool
  ) async -> HTTPResponse {
    guard request.isOfType("application/sdp") else {
      return .unsupportedType("the offer", accepts: "application/sdp")
    }
    guard let room = limits.room(text) else {
      return .refusal(.badRoom(limits, inReplyTo: nil))
    }
    guard let name = limits.name(request.query["name"] ?? "WHIP") else {
      return .refusal(.badName(limits, inReplyTo: nil))
    }
    guard let sdp = request.text else {
      return .refusal(SignalingFailure(.badSDP, "the body is an SDP offer in UTF-8"))
    }
    let client = request.countedClient
    let reached = request.reached
    do throws(SignalingFailure) {
      let session =
        isPlayer
        ? try await meeting.play(in: room, offer: sdp, client: client, reached: reached)
        : try await meeting.publish(
          in: room, name: name, offer: sdp, client: client, reached: reached)
      return created(session, room: room, kind: isPlayer ? "whep" : "whip")
    } catch {
      return .refusal(error)
    }
  }

  private func created(_ session: HTTPMediaSession, room: String, kind: String) -> HTTPResponse {
    HTTPResponse(
      status: .created,
      headers: [
        "Content-Type": "application/sdp",
        "Location": "/\(kind)/\(percentEncoded(room))/\(session.resource)",
        "ETag": "\"\(session.entityTag)\"",
      ],
      body: Array(session.answer.utf8))
  }
}

/// A path segment (RFC 3986 §3.3): everything but unreserved characters as `%` and two digits.
func percentEncoded(_ segment: String) -> String {
  segment.utf8.reduce(into: "") { text, byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"):
      text.unicodeScalars.append(Unicode.Scalar(byte))
    default:
      let digits = String(byte, radix: 16, uppercase: true)
      text += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
    }
  }
}
