import Foundation
import Media
import SCTP
import SDP
import Session
import WebRTC
import Wire

/// One `PeerConnection`, its channels and its tracks.
actor InteropPeer {
  enum Failure: Error {
    case noConnection
    case unknown(String)
  }

  private var connection: PeerConnection?
  private var channels: [DataChannel] = []
  private var echoing: Set<Int> = []
  private var transceivers: [RTPTransceiver] = []
  private var received: [String: Reception] = [:]

  /// What came on tracks of one kind.
  struct Reception {
    var frames = 0
    var keyFrames = 0
    var bytes = 0
    var codec = ""
    var width = 0
    var height = 0
    var kept: [EncodedFrame] = []
  }

  func close() async { await connection?.close() }

  func perform(_ command: Command) async throws -> [String: Any] {
    switch command.action {
    case "open": return try await open(command)
    case "offer", "answer", "remote", "candidate", "gathered", "state", "stats", "close":
      return try await negotiate(command)
    case "channel", "send", "echo", "closeChannel": return try await data(command)
    default: return try await media(command)
    }
  }

  private func theConnection() throws -> PeerConnection {
    guard let connection else { throw Failure.noConnection }
    return connection
  }

  // MARK: Negotiation

  private func open(_ command: Command) async throws -> [String: Any] {
    var configuration = PeerConnection.Configuration(
      iceServers: (command.servers ?? []).map {
        ICEServer(urls: $0.urls, username: $0.username, credential: $0.credential)
      })
    if command.relayOnly == true { configuration.iceTransportPolicy = .relay }
    if let interfaces = command.interfaces { configuration.interfaces = Set(interfaces) }
    configuration.usesLoopback = command.interfaces?.contains("lo") ?? false
    configuration.usesTCP = command.usesTCP ?? true
    if let names = command.videoCodecs {
      configuration.media.videoCodecs = configuration.media.videoCodecs.filter {
        names.contains($0.name)
      }
    }
    if let authority = command.authority { configuration.turnTrust = .authorities(pem: authority) }
    var options = RTCEngine.Options()
    if command.listensOnTCP == true { options.sharedTCPPort = 0 }
    let opened = try await PeerConnection(
      configuration: configuration, engine: try RTCEngine(options: options))
    connection = opened
    Task {
      for await event in opened.events { self.tell(event) }
      Line.write(["event": "end"])
    }
    return [:]
  }

  private func negotiate(_ command: Command) async throws -> [String: Any] {
    let connection = try theConnection()
    switch command.action {
    case "offer":
      let offer = try await connection.createOffer(
        OfferOptions(restartsICE: command.restart ?? false))
      try await connection.setLocalDescription(offer)
      return Self.object(try await connection.gatheredLocalDescription())
    case "answer":
      try await connection.setLocalDescription(try await connection.createAnswer())
      return Self.object(try await connection.gatheredLocalDescription())
    case "gathered": return Self.object(try await connection.gatheredLocalDescription())
    case "remote":
      guard let kind = SessionDescriptionText.Kind(rawValue: command.type ?? "") else {
        throw Failure.unknown("description type")
      }
      try await connection.setRemoteDescription(
        SessionDescriptionText(kind: kind, sdp: command.sdp ?? ""))
    case "candidate":
      try await connection.addICECandidate(
        command.candidate.map {
          CandidateInit(
            candidate: $0, sdpMid: command.sdpMid, sdpMLineIndex: command.sdpMLineIndex,
            usernameFragment: command.usernameFragment)
        })
    case "state":
      return [
        "connection": await connection.connectionState.rawValue,
        "ice": await connection.iceConnectionState.rawValue,
        "signaling": await connection.signalingState.rawValue,
      ]
    case "stats": return ["stats": Self.object(await connection.getStats())]
    default: await connection.close()
    }
    return [:]
  }

  private static func object(_ description: SessionDescriptionText) -> [String: Any] {
    ["type": description.kind.rawValue, "sdp": description.sdp]
  }

  private static func object(_ statistics: SessionStatistics) -> [String: Any] {
    statistics.dictionary.mapValues { entry in
      entry.mapValues { value -> Any in
        switch value {
        case .integer(let integer): integer
        case .number(let number): number
        case .text(let text): text
        case .flag(let flag): flag
        }
      }
    }
  }

  private func tell(_ event: PeerConnection.Event) {
    switch event {
    case .negotiationNeeded: Line.write(["event": "negotiationNeeded"])
    case .connectionStateChanged(let state):
      Line.write(["event": "state", "state": state.rawValue])
    case .iceCandidateError(let url, let code, let reason):
      Line.write(["event": "candidateError", "url": url, "code": code, "reason": reason])
    case .dataChannel(let channel): adopt(channel, isIncoming: true)
    case .track(let transceiver): watch(transceiver)
    case .iceCandidate, .signalingStateChanged, .iceGatheringStateChanged,
      .iceConnectionStateChanged:
      break
    }
  }

  // MARK: Data

  private func data(_ command: Command) async throws -> [String: Any] {
    if command.action == "channel" { return try await makeChannel(command) }
    guard let number = command.channel, channels.indices.contains(number) else {
      throw Failure.unknown("channel")
    }
    switch command.action {
    case "send":
      if let text = command.text {
        try await channels[number].send(text)
      } else {
        try await channels[number].send(Self.pattern(command.byteCount ?? 0, command.seed ?? 0))
      }
    case "echo":
      if command.echoes == false { echoing.remove(number) } else { echoing.insert(number) }
    default: await channels[number].close()
    }
    return [:]
  }

  private func makeChannel(_ command: Command) async throws -> [String: Any] {
    let options = DataChannelOptions(
      label: "", protocolName: command.protocolName ?? "", isOrdered: command.ordered ?? true,
      maximumRetransmissions: command.maxRetransmits,
      maximumLifetime: command.maxPacketLifeTime.map { .milliseconds($0) },
      negotiatedStream: command.negotiated)
    let channel = try await theConnection().createDataChannel(
      command.label ?? "", options: options)
    return ["channel": adopt(channel, isIncoming: false)]
  }

  @discardableResult
  private func adopt(_ channel: DataChannel, isIncoming: Bool) -> Int {
    let number = channels.count
    channels.append(channel)
    if isIncoming {
      var told: [String: Any] = [
        "event": "channel", "channel": number, "label": channel.label,
        "protocol": channel.protocolName, "ordered": channel.isOrdered,
      ]
      if let limit = channel.maximumRetransmissions { told["maxRetransmits"] = Int(limit) }
      if let limit = channel.maximumLifetime {
        told["maxPacketLifeTime"] = Int(limit.seconds * 1000)
      }
      Line.write(told)
    }
    Task {
      for await event in channel.events {
        Line.write(["event": "channelState", "channel": number, "state": "\(event)"])
      }
    }
    Task { for await message in channel.messages { await self.take(message, on: number) } }
    return number
  }

  private func take(_ message: DataChannel.Message, on number: Int) async {
    switch message {
    case .text(let text):
      let shown = text.utf8.count <= 1000 ? text : ""
      Line.write([
        "event": "message", "channel": number, "text": shown, "byteCount": text.utf8.count,
      ])
      if echoing.contains(number) { try? await channels[number].send(text) }
    case .binary(let bytes):
      Line.write([
        "event": "message", "channel": number, "byteCount": bytes.count,
        "isPattern": bytes == Self.pattern(bytes.count, bytes.first ?? 0),
      ])
      if echoing.contains(number) { try? await channels[number].send(bytes) }
    }
  }

  /// Bytes that tell when one is missing or out of place.
  private static func pattern(_ count: Int, _ seed: UInt8) -> [UInt8] {
    (0..<count).map { seed &+ UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
  }

  // MARK: Media

  private func media(_ command: Command) async throws -> [String: Any] {
    switch command.action {
    case "track": return try await addTrack(command)
    case "transceiver":
      let made = try await theConnection().addTransceiver(
        command.kind == "audio" ? .audio : .video,
        direction: Direction(rawValue: command.direction ?? "recvonly") ?? .recvonly)
      transceivers.append(made)
      return ["transceiver": transceivers.count - 1]
    case "received":
      return received.mapValues { kind in
        [
          "frames": kind.frames, "keyFrames": kind.keyFrames, "bytes": kind.bytes,
          "codec": kind.codec, "width": kind.width, "height": kind.height,
        ] as [String: Any]
      }
    case "save": return try save(command)
    default: break
    }
    guard let number = command.transceiver, transceivers.indices.contains(number) else {
      throw Failure.unknown(command.action)
    }
    switch command.action {
    case "direction":
      guard let direction = Direction(rawValue: command.direction ?? "") else {
        throw Failure.unknown("direction")
      }
      try await transceivers[number].setDirection(direction)
    case "remove": try await theConnection().removeTrack(of: transceivers[number])
    case "restore":
      try await transceivers[number].sender.replaceTrack(with: "restored")
      try await transceivers[number].setDirection(.sendrecv)
    case "stop": try await transceivers[number].stop()
    case "requestKeyFrame": await transceivers[number].receiver.requestKeyFrame()
    default: throw Failure.unknown(command.action)
    }
    return [:]
  }

  private func addTrack(_ command: Command) async throws -> [String: Any] {
    let isAudio = command.kind == "audio"
    let made = try await theConnection().addTrack(
      isAudio ? .audio : .video,
      OutgoingTrack(id: "\(command.kind ?? "video")-\(transceivers.count)", streamIDs: ["stream"]))
    transceivers.append(made)
    let frames = try FrameLoop(file: command.file ?? "", isAudio: isAudio)
    Task { await frames.play(to: made.sender) }
    return ["transceiver": transceivers.count - 1]
  }

  private func watch(_ transceiver: RTPTransceiver) {
    let kind = transceiver.kind.rawValue
    if !transceivers.contains(where: { $0 === transceiver }) { transceivers.append(transceiver) }
    let frames = transceiver.receiver.frames()
    let events = transceiver.receiver.events()
    Task { for await frame in frames { self.take(frame, kind: kind) } }
    Task {
      for await event in events {
        Line.write(["event": "trackState", "kind": kind, "state": "\(event)"])
      }
    }
    let number = transceivers.firstIndex { $0 === transceiver } ?? 0
    Line.write(["event": "track", "kind": kind, "transceiver": number])
  }

  private func take(_ frame: RTPReceiver.Frame, kind: String) {
    var so = received[kind] ?? Reception()
    so.frames += 1
    if frame.frame.isKeyFrame { so.keyFrames += 1 }
    so.bytes += frame.frame.bytes.count
    so.codec = "\(frame.codec)"
    if let size = FrameSize(of: frame.frame, codec: frame.codec) {
      so.width = size.width
      so.height = size.height
    }
    if so.kept.count < 600, !so.kept.isEmpty || frame.frame.isKeyFrame {
      so.kept.append(frame.frame)
    }
    received[kind] = so
  }

  /// Writes the pictures received so far into an IVF file.
  private func save(_ command: Command) throws -> [String: Any] {
    guard let so = received["video"], let path = command.path,
      var writer = IVFWriter(
        header: IVFHeader(
          codec: so.codec == "vp9" ? .vp9 : so.codec == "av1" ? .av1 : .vp8,
          size: FrameSize(width: so.width, height: so.height)))
    else { throw Failure.unknown("video") }
    var body: [UInt8] = []
    for frame in so.kept { body += writer.write(frame) }
    try Data(writer.header.bytes + body.dropFirst(IVFHeader.byteCount)).write(
      to: URL(filePath: path))
    return ["frames": so.kept.count]
  }
}
