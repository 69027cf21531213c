package import RTCTesting
import Wire

/// How a participant is connected: its own way up and its own way down.
package struct AccessLink: Sendable {
  /// What people call it.
  package let name: String
  /// From the participant to the server.
  package var up: LinkConditions
  /// From the server to the participant.
  package var down: LinkConditions
  /// The share of datagrams the path loses each way, whatever is sent.
  package let loss: Double

  /// A link of so many kilobits per second each way, `delay` and `jitter` in milliseconds one way, with a queue of
  /// `queue` milliseconds. Losses come in bursts of `burst` datagrams on average.
  package init(
    _ name: String, up: Int64, down: Int64, delay: Int64, jitter: Int64 = 0, loss: Double = 0,
    burst: Double = 1, queue: Int64 = 300
  ) {
    self.name = name
    self.loss = loss
    func conditions(_ kilobits: Int64) -> LinkConditions {
      LinkConditions(
        delay: .milliseconds(delay), jitter: .milliseconds(jitter),
        loss: loss == 0
          ? .none : burst > 1 ? .bursts(rate: loss, meanLength: burst) : .bernoulli(loss),
        bitsPerSecond: kilobits * 1000, queueByteLimit: max(Int(kilobits * queue / 8), 3000))
    }
    self.up = conditions(up)
    self.down = conditions(down)
  }

  /// Down in bits per second.
  var downBitrate: Int64 { down.bitsPerSecond ?? 0 }
  /// Up in bits per second.
  var upBitrate: Int64 { up.bitsPerSecond ?? 0 }
}

extension AccessLink {
  /// Nothing is lost and there is room for everything.
  package static let fibre = AccessLink("fibre", up: 100_000, down: 100_000, delay: 5)
  /// A narrow way up.
  package static let dsl = AccessLink(
    "DSL", up: 2_400, down: 16_000, delay: 15, jitter: 3, loss: 0.001)
  /// Jitter and a deep queue.
  package static let mobile = AccessLink(
    "4G", up: 5_000, down: 12_000, delay: 35, jitter: 30, loss: 0.01, burst: 3, queue: 600)
  /// A tenth is lost in bursts.
  package static let wifi = AccessLink(
    "bad Wi-Fi", up: 8_000, down: 8_000, delay: 10, jitter: 20, loss: 0.1, burst: 4)
  /// A tenth is lost, 100 ms there and back.
  package static let tenth = AccessLink(
    "10 % lost", up: 10_000, down: 10_000, delay: 50, jitter: 5, loss: 0.1)
  /// A fifth is lost, 100 ms there and back.
  package static let fifth = AccessLink(
    "20 % lost", up: 10_000, down: 10_000, delay: 50, jitter: 5, loss: 0.2)
  /// Nearly a third is lost.
  package static let third = AccessLink(
    "30 % lost", up: 10_000, down: 10_000, delay: 50, jitter: 10, loss: 0.3)
  /// Half a megabit.
  package static let narrow = AccessLink("500 kbit/s", up: 500, down: 500, delay: 30, jitter: 5)
  /// Voice and nothing else.
  package static let voiceOnly = AccessLink("64 kbit/s", up: 64, down: 64, delay: 40, queue: 500)

  /// Less than a voice and its headers take commonly.
  package static let narrowest = AccessLink(
    "60 kbit/s", up: 100, down: 60, delay: 40, queue: 500)

  /// All of them.
  package static let all: [AccessLink] = [
    fibre, dsl, mobile, wifi, tenth, fifth, third, narrow, voiceOnly, narrowest,
  ]

  /// A mixture: of every ten people, three without a worry.
  package static let mixed: [AccessLink] = [
    fibre, tenth, dsl, fifth, mobile, fibre, wifi, narrow, third, dsl,
  ]
}
