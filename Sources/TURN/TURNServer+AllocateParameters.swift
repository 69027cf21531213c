import STUN
import Wire

extension TURNServer {
  /// What an Allocate request asks for, in the order of RFC 8656 §7.2.
  struct AllocateParameters {
    let wish: RelayWish
    let missing: MissingFamily?
    let token: UInt64?
    let lifetime: UInt32?

    init(
      _ message: borrowing STUNMessage, _ path: Path, _ configuration: Configuration
    ) throws(Refusal) {
      let transportNumber: UInt8?
      let requested: UInt8?
      let additional: UInt8?
      let reservesNext: Bool?
      do throws(STUNError) {
        transportNumber = try message.requestedTransport
        requested = try message.requestedAddressFamily
        additional = try message.additionalAddressFamily
        reservesNext = try message.evenPortReservesNext
        token = try message.reservationToken
        lifetime = try message.lifetime
      } catch { throw Refusal(error) }
      let transport = try Self.transport(transportNumber, configuration)
      if transport == .tcp {
        // RFC 6062 §4.1, §5.1.
        guard path.transport != .udp, reservesNext == nil, token == nil,
          !message.contains(.dontFragment)
        else { throw Refusal(.badRequest) }
      }
      guard token == nil || (reservesNext == nil && requested == nil && additional == nil),
        requested == nil || additional == nil, additional == nil || additional == 2,
        reservesNext != true || additional == nil
      else { throw Refusal(.badRequest) }
      let choice = try Self.families(
        requested, asksForBoth: additional != nil, token: token, configuration.families)
      missing = choice.missing
      wish = RelayWish(
        transport: transport, families: choice.families,
        port: reservesNext.map { $0 ? .evenAndNext : .even } ?? .any)
    }

    private static func transport(
      _ number: UInt8?, _ configuration: Configuration
    ) throws(Refusal) -> Path.Transport {
      switch number {
      case nil: throw Refusal(.badRequest)
      case 17: return .udp
      case 6 where configuration.relaysTCP: return .tcp
      default: throw Refusal(.unsupportedTransport)
      }
    }

    private static func families(
      _ requested: UInt8?, asksForBoth: Bool, token: UInt64?, _ served: Set<IPAddress.Family>
    ) throws(Refusal) -> (families: [IPAddress.Family], missing: MissingFamily?) {
      // A token brings its own family.
      guard token == nil else { return ([], nil) }
      let wanted: [IPAddress.Family]
      switch requested {
      case nil: wanted = asksForBoth ? [.v4, .v6] : [.v4]
      case 1: wanted = [.v4]
      case 2: wanted = [.v6]
      default: throw Refusal(.addressFamilyNotSupported)
      }
      let families = wanted.filter(served.contains)
      guard !families.isEmpty else { throw Refusal(.addressFamilyNotSupported) }
      let absent = wanted.first { !served.contains($0) }
      return (families, absent.map { MissingFamily(family: $0, isServed: false) })
    }
  }
}
