// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

import RPC

/// `atelier.data.Data`.
public protocol DataService: Sendable {
    /// Answers when the trajectory has been stored and settled; the sampler is free then.
    func submit(_ request: DataTrajectory, _ context: ServerContext) async throws -> Reply<DataSubmitReply>
}

/// The methods of `atelier.data.Data`.
public enum DataMethods {
    /// Answers when the trajectory has been stored and settled; the sampler is free then.
    public static let submit = Method<DataTrajectory, DataSubmitReply>(
        service: "atelier.data.Data", name: "Submit", kind: .unary, idempotency: .unknown)
    /// All of them, in the order of the .proto file.
    public static let all: [MethodDescriptor] = [submit.descriptor]
}

extension ServiceDefinition {
    /// `atelier.data.Data`, served by an implementation.
    public static func data(_ service: some DataService) -> ServiceDefinition {
        ServiceDefinition(
            name: "atelier.data.Data",
            handlers: [
                MethodHandler(unary: DataMethods.submit) { try await service.submit($0, $1) }
            ])
    }
}

/// Calls `atelier.data.Data` over a session or a channel.
public struct DataClient: Sendable {
    /// Where the calls go.
    public let caller: any Caller

    /// A client of the peer at the other end.
    public init(_ caller: any Caller) {
        self.caller = caller
    }

    /// Answers when the trajectory has been stored and settled; the sampler is free then.
    public func submit(_ request: DataTrajectory, attachments: [Attachment] = [], options: CallOptions = CallOptions())
        async throws(RPCStatus) -> Reply<DataSubmitReply>
    {
        try await caller.unary(DataMethods.submit, request, attachments: attachments, options: options)
    }
}
