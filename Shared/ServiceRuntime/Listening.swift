public import RPC
import RPCServices

/// Sockets that services are reached at.
public enum Listening {
    /// Binds an address; health, reflection and introspection are served there too.
    ///
    /// - Throws: `ServiceError` that names the address, for example when it is in use.
    public static func on(_ address: String, _ endpoint: Endpoint, services: [ServiceDefinition]) async throws
        -> Listener
    {
        do throws(RPCStatus) {
            return try await endpoint.listen(
                address, services: StandardServices(of: endpoint).beside(services, of: endpoint))
        } catch {
            let isRefusal = error.code == .permissionDenied || error.code == .failedPrecondition
            throw ServiceError(
                "cannot listen at \(address): \(ServiceProcess.oneLine(error))",
                exitCode: isRefusal ? .refused : .failed)
        }
    }
}
