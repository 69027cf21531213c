import HTTPServer
import Signaling

/// `POST /sdp`: an offer of data channels in, the answer out.
///
/// The peer that answers tells the time every second on each channel the browser opens, and echoes what it hears.
struct ClockRoute: Sendable {
  let plane: any MediaPlane
  let origins: OriginPolicy

  /// The answer to a request for `/sdp`; nil for any other path.
  func respond(to request: HTTPRequest) async -> HTTPResponse? {
    guard request.path == "/sdp" else { return nil }
    return await origins.guarding(request) {
      switch request.method {
      case .post: await answer(request)
      case .options: .preflight(methods: "POST, OPTIONS", accepts: "application/sdp")
      default: .methodNotAllowed(allow: "POST, OPTIONS")
      }
    }
  }

  private func answer(_ request: HTTPRequest) async -> HTTPResponse {
    guard request.isOfType("application/sdp") else {
      return .unsupportedType("the offer", accepts: "application/sdp")
    }
    guard let offer = request.text else {
      return .text("400 Bad Request: the body is an SDP offer in UTF-8\n", status: .badRequest)
    }
    do throws(MediaError) {
      let answer = try await plane.connectClock(offer: offer, client: request.countedClient)
      return .text(answer, contentType: "application/sdp")
    } catch {
      return .refusal(SignalingFailure(error, inReplyTo: "offer"))
    }
  }
}

extension HTTPResponse {
  /// A refusal in words; with the time to come back where the request itself was all right.
  static func refusal(_ failure: SignalingFailure) -> HTTPResponse {
    var response = HTTPResponse.text(
      "\(failure.httpStatus.rawValue) \(failure.httpStatus.reason): \(failure.message)\n",
      status: failure.httpStatus)
    response.headers["Retry-After"] = failure.httpStatus == .unavailable ? "5" : nil
    return response
  }
}

extension SignalingFailure {
  /// 503 where the server has no place, 400 where the request is at fault.
  var httpStatus: HTTPStatus {
    switch code {
    case .roomFull, .tooManyParticipants, .rateLimited, .internal: .unavailable
    default: .badRequest
    }
  }
}
