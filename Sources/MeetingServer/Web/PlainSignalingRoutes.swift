import Foundation
import HTTPServer
import Signaling

/// `POST /webrtc/offer`, `/webrtc/answer` and `/webrtc/ice-candidate`: a room joined by requests of JSON.
struct PlainSignalingRoutes: Sendable {
  /// What a client posts; which fields must be there depends on where it posts them.
  struct Request: Decodable {
    /// `candidate` as text, or as a browser's object has it.
    struct Candidate: Decodable {
      var line: String

      private enum Key: String, CodingKey { case candidate }

      init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
          line = text
        } else {
          let object = try decoder.container(keyedBy: Key.self)
          line = try object.decodeIfPresent(String.self, forKey: .candidate) ?? ""
        }
      }
    }

    var type: String?
    var sdp: String?
    var candidate: Candidate?
    var userId: String?
    var roomId: String?
    var name: String?
  }

  /// What a client gets back.
  struct Reply: Encodable, Equatable {
    var type: String
    var sdp: String?
    var userId: String
    var roomId: String
  }

  private enum Target: String {
    case offer = "/webrtc/offer"
    case answer = "/webrtc/answer"
    case candidate = "/webrtc/ice-candidate"

    /// The `type` of what is posted there.
    var type: String { String(rawValue.dropFirst("/webrtc/".count)) }
  }

  let meeting: Meeting
  let limits: SignalingLimits
  let origins: OriginPolicy

  /// The answer to a request below `/webrtc`; nil for any other path.
  func respond(to request: HTTPRequest) async -> HTTPResponse? {
    guard let target = Target(rawValue: request.path) else { return nil }
    return await origins.guarding(request) {
      switch request.method {
      case .post: await respond(to: request, target)
      case .options: .preflight(methods: "POST, OPTIONS", accepts: "application/json")
      default: .methodNotAllowed(allow: "POST, OPTIONS")
      }
    }
  }

  private func respond(to request: HTTPRequest, _ target: Target) async -> HTTPResponse {
    guard request.isOfType("application/json") else {
      return error(
        SignalingFailure(.badMessage, "the body is application/json"), .unsupportedMediaType,
        target)
    }
    do throws(PlainSignalingFault) {
      let message = try parse(request, target)
      guard let text = message.roomId, let room = limits.room(text) else {
        throw .refused(.badRoom(limits, inReplyTo: target.type))
      }
      let client = request.countedClient
      let user: String?
      var answer: String?
      switch target {
      case .offer: (user, answer) = try await offer(message, room, request)
      case .answer:
        user = try self.user(message)
        try await meeting.takeAnswer(user: user ?? "", in: room)
      case .candidate:
        user = try self.user(message)
        let line = message.candidate.flatMap { $0.line.isEmpty ? nil : $0.line }
        try await meeting.takeCandidate(line, user: user ?? "", in: room, client: client)
      }
      return json(
        Reply(
          type: answer == nil ? target.type : "answer", sdp: answer, userId: user ?? "",
          roomId: room))
    } catch {
      return refusal(error, target)
    }
  }

  private func parse(
    _ request: HTTPRequest, _ target: Target
  ) throws(PlainSignalingFault) -> Request {
    guard JSONShape(of: request.body).fits(limits),
      let message = try? JSONDecoder().decode(Request.self, from: Data(request.body)),
      message.type ?? target.type == target.type
    else {
      throw .refused(
        SignalingFailure(
          .badMessage,
          "the body is a JSON object with texts `type` (\"\(target.type)\"), "
            + "`roomId`, `userId`, `sdp` and `candidate`", inReplyTo: target.type))
    }
    return message
  }

  private func offer(
    _ message: Request, _ room: String, _ request: HTTPRequest
  ) async throws(PlainSignalingFault) -> (user: String?, answer: String?) {
    guard let sdp = message.sdp, !sdp.isEmpty else {
      throw .refused(SignalingFailure(.badSDP, "`sdp` holds an offer", inReplyTo: "offer"))
    }
    for name in [message.userId, message.name].compactMap(\.self) where limits.name(name) != name {
      throw .refused(.badName(limits, inReplyTo: "offer"))
    }
    return try await meeting.takeOffer(
      sdp, user: message.userId, name: message.name, in: room, client: request.countedClient,
      reached: request.reached)
  }

  private func user(_ message: Request) throws(PlainSignalingFault) -> String {
    guard let user = message.userId, limits.name(user) == user else { throw .unknownUser }
    return user
  }

  // MARK: Replies

  private func json(_ reply: Reply) -> HTTPResponse {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    guard let body = try? encoder.encode(reply) else { return .status(.internalError) }
    return HTTPResponse(headers: Self.headers, body: Array(body) + [UInt8(ascii: "\n")])
  }

  private func refusal(_ fault: PlainSignalingFault, _ target: Target) -> HTTPResponse {
    switch fault {
    case .refused(let failure): error(failure, failure.httpStatus, target)
    case .unknownUser:
      error(
        SignalingFailure(.noSuchParticipant, "nobody of this `userId` has offered in this room"),
        .notFound, target)
    case .userTaken:
      error(SignalingFailure(.badName, "this `userId` belongs to somebody else"), 409, target)
    case .noPendingOffer:
      error(
        SignalingFailure(.badMessage, "the server has made no offer: post yours to /webrtc/offer"),
        409, target)
    }
  }

  private func error(
    _ failure: SignalingFailure, _ status: HTTPStatus, _ target: Target
  ) -> HTTPResponse {
    var failure = failure
    failure.inReplyTo = target.type
    let envelope = MessageCoding(limits: limits).encode(ServerEnvelope(.error(failure)))
    var response = HTTPResponse(
      status: status, headers: Self.headers, body: Array((envelope.text + "\n").utf8))
    response.headers["Retry-After"] = status == .unavailable ? "5" : nil
    return response
  }

  private static let headers: HTTPFields = [
    "Content-Type": "application/json", "Cache-Control": "no-store",
  ]
}
