public import Logging
import Messaging
public import RPC
public import RPCServices

/// Sockets that services are reached at.
public enum Listening {
    /// Says, in a line, if the system lets this process have few descriptors: every peer takes one.
    public static func warnOfFewDescriptors(_ log: Logger) {
        if let warning = ZeroMQTransport.descriptorWarning { log.warning("\(warning)") }
    }

    /// Binds an address; health, reflection and introspection are served there too.
    ///
    /// - Throws: `ServiceError` that names the address, for example when it is in use.
    public static func on(
        _ address: String, _ endpoint: Endpoint, services: [ServiceDefinition], health: HealthBoard = HealthBoard()
    ) async throws -> Listener {
        do throws(RPCStatus) {
            return try await endpoint.listen(
                address, services: StandardServices(of: endpoint, health: health).beside(services, of: endpoint))
        } catch {
            let isRefusal = error.code == .permissionDenied || error.code == .failedPrecondition
            throw ServiceError(
                "cannot listen at \(address): \(ServiceProcess.oneLine(error))",
                exitCode: isRefusal ? .refused : .failed)
        }
    }
}
