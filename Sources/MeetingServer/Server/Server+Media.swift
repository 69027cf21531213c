import Foundation

extension Server {
  /// A server with media workers of its own, which are running when this returns.
  public init(_ configuration: ServerConfiguration) async throws(ServerFault) {
    // Each worker takes the next port, and there is none after 65,535.
    let workers =
      configuration.workers
      ?? min(ProcessInfo.processInfo.activeProcessorCount, 65_536 - Int(configuration.udpPort))
    let plane: WorkerMediaPlane
    do {
      plane = try await WorkerMediaPlane(
        MediaConfiguration(
          host: configuration.udpHost, port: configuration.udpPort,
          advertised: configuration.advertised, workerCount: workers))
    } catch {
      throw ServerFault(mediaPort: configuration.udpPort, error)
    }
    do throws(ServerFault) {
      try self.init(configuration, plane: plane, stopPlane: { await plane.stop() })
    } catch {
      await plane.stop()
      throw error
    }
  }
}
