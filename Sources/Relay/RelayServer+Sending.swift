import Net
import TURN
import Wire

/// Which of an outbox's datagrams leave by which socket; memory that is used again.
struct SendOrder {
  /// For each datagram the next one by the same socket, or -1.
  var next: [Int] = []
  /// The sockets that have something to send.
  var ports: [DatagramPort] = []
  /// The streams that have.
  var streams: [StreamClient] = []
  /// Those that turned out to be broken.
  var broken: [StreamClient] = []
  /// Those of one socket.
  var run: [Outbox.Datagram] = []
}

extension RelayServer {
  /// Sends everything, socket by socket.
  func flush() {
    guard !outbox.isEmpty else { return }
    let datagrams = outbox.datagrams
    order.next.removeAll(keepingCapacity: true)
    // Mostly the same as for the datagram before.
    var local: TransportAddress?
    var port: DatagramPort?
    for (index, datagram) in datagrams.enumerated() {
      order.next.append(-1)
      if datagram.path.transport != .udp {
        if let client = clients[datagram.path] { append(datagram, to: client) }
        continue
      }
      if datagram.path.local != local {
        local = datagram.path.local
        port = exit(datagram.path.local)
      }
      guard let port else { continue }
      if port.last >= 0 {
        order.next[port.last] = index
      } else {
        port.first = index
        order.ports.append(port)
      }
      port.last = index
    }
    for port in order.ports { send(datagrams, by: port) }
    order.ports.removeAll(keepingCapacity: true)
    for client in order.streams { write(client) }
    order.streams.removeAll(keepingCapacity: true)
    unfragmented.removeAll(keepingCapacity: true)
    outbox.removeAll()
  }

  private func exit(_ local: TransportAddress) -> DatagramPort? {
    relays[local] ?? listeners.first { $0.serves(local) }
  }

  private func send(_ datagrams: [Outbox.Datagram], by port: DatagramPort) {
    var index = port.first
    port.first = -1
    port.last = -1
    while index >= 0 {
      if !unfragmented.isEmpty, unfragmented.contains(index) {
        sendRun(by: port)
        port.socket.setMayBeFragmented(false)
        order.run.append(datagrams[index])
        sendRun(by: port)
        unfragmentedDatagrams &+= 1
        port.socket.setMayBeFragmented(true)
      } else {
        order.run.append(datagrams[index])
      }
      index = order.next[index]
    }
    sendRun(by: port)
  }

  private func sendRun(by port: DatagramPort) {
    guard !order.run.isEmpty else { return }
    port.socket.send(order.run, of: outbox)
    order.run.removeAll(keepingCapacity: true)
  }
}
