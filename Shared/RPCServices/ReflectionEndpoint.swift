import Foundation
import RPC
import Wire

/// Says what can be called; served as `atelier.reflection.Reflection`.
struct ReflectionEndpoint: ReflectionService {
    /// Full names of what is served, this included.
    let services: [String]

    func services(
        _ request: ReflectionServicesRequest, _ context: ServerContext
    ) async throws -> Reply<ReflectionServicesReply> {
        Reply(ReflectionServicesReply(services: services))
    }

    func schema(
        _ request: ReflectionSchemaRequest, _ context: ServerContext
    ) async throws -> Reply<ReflectionSchemaReply> {
        let whole = try Schema.embedded.get()
        guard !request.symbol.isEmpty else { return Reply(ReflectionSchemaReply(descriptorSet: whole.encoded())) }
        guard let part = whole.declaring(request.symbol) else {
            throw RPCStatus(.notFound, "'\(request.symbol)' is not declared here")
        }
        return Reply(ReflectionSchemaReply(descriptorSet: part.encoded()))
    }
}
