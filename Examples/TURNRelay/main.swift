import Relay
import TURN
import Wire

var configuration = RelayServer.Configuration()
let everywhere = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: 3478)
configuration.udp = [everywhere]
configuration.tcp = [everywhere]
configuration.relayHosts = try RelayHosts.ofThisMachine()
configuration.turn.authority.users = ["alice": "secret"]

let server = try RelayServer(configuration)
try await server.start()
print("TURN for alice at \(server.addresses), relays at \(configuration.relayHosts)")
while true {
  try await Task.sleep(for: .seconds(60))
  let figures = await server.figures
  print("\(figures.allocationCount) allocations, \(figures.turn.sent.datagrams) datagrams sent")
}
