import RPC
import Synchronization
import Wire

// What the conformance list asks of the echo by metadata; `conformance.py` of the Python peer does the same.
extension EchoImplementation {
    /// What a call is to have beside its echo.
    struct Wishes: Sendable {
        var trailers: Metadata = [:]
        /// The answer, if the call only asks what has happened.
        var report: EchoResponse?
    }

    /// Carries out what the metadata asks for.
    ///
    /// - Throws: `RPCStatus` unavailable for an attempt that is to fail.
    func wishes(_ context: ServerContext) async throws -> Wishes {
        let metadata = context.metadata
        var wishes = Wishes(trailers: ["served-by": context.peer.name])
        if metadata[bytes: "x-report"] != nil {
            wishes.report = EchoResponse(number: UInt32(journal.count("cancelled")))
        }
        if let key = metadata[bytes: "x-count"] {
            journal.add("\(key)")
            wishes.trailers.append("x-executions", "\(journal.count("\(key)"))")
        }
        if let attempts = metadata["x-fail-attempts"].flatMap({ Int($0) }), context.attempt < attempts {
            var status = RPCStatus(.unavailable, "not yet")
            status.retryAfter = metadata["x-retry-after"].flatMap { Int($0) }.map { .milliseconds($0) }
            throw status
        }
        if let value = metadata[bytes: "x-echo-initial"] {
            var headers = Metadata()
            headers.append("x-echo-initial", bytes: value)
            try await context.sendHeaders(headers)
        }
        if let value = metadata[bytes: "x-echo-trailing"] { wishes.trailers.append("x-echo-trailing", bytes: value) }
        return wishes
    }

    /// The failure that a request asks for.
    func failure(_ request: EchoRequest, _ trailers: Metadata) -> RPCStatus {
        var status = RPCStatus(.init(number: request.number), request.text)
        if !request.payload.isEmpty {
            status.details = [RPCStatus.Detail(typeURL: "atelier.echo/Detail", value: request.payload)]
        }
        status.trailers = trailers
        return status
    }
}
