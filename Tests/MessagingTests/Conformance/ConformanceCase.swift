import RPC
import Testing
import Wire

/// A client with a session to a server of the echo, wherever and in whatever language it runs.
struct Subject: Sendable {
    let client: Endpoint
    let session: Session
    let address: String

    var echo: EchoClient { EchoClient(session) }

    /// Handlers of the server that have noticed their cancellation.
    func cancellations() async throws -> UInt32 {
        try await echo.unary(EchoRequest(), options: CallOptions(metadata: ["x-report": ""])).message.number
    }

    /// Repeats a call that ends early until a handler has noticed it.
    ///
    /// On a busy machine a call may be over before its handler has begun.
    func untilCancelled(_ attempt: () async throws -> Void) async throws {
        let before = try await cancellations()
        for _ in 0..<20 {
            try await attempt()
            let end = ContinuousClock.now + .seconds(1)
            while ContinuousClock.now < end { if try await cancellations() > before { return } }
        }
        Issue.record("no handler was cancelled")
    }
}

/// The conformance list: gRPC's interoperability tests by analogy, as one function each.
enum ConformanceCase: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case emptyUnary, largeUnary, largerThanTheLimit, serverStreaming, emptyStream, clientStreaming, earlyAnswer
    case pingPong, customMetadata, streamHeaders, statusCodeAndMessage, specialStatusMessage, unimplementedMethod
    case cancelAfterBegin, cancelAfterFirstResponse, timeoutOnSleepingServer, deadlineThroughTwoHops, compression
    case checksums, retries, oneExecutionPerKey, rpcSoak, channelSoak, healthCheckAndWatch, reflection

    var testDescription: String { rawValue }

    var run: @Sendable (Subject) async throws -> Void {
        switch self {
        case .emptyUnary: MessageConformance.emptyUnary
        case .largeUnary: MessageConformance.largeUnary
        case .largerThanTheLimit: MessageConformance.largerThanTheLimit
        case .serverStreaming: MessageConformance.serverStreaming
        case .emptyStream: MessageConformance.emptyStream
        case .clientStreaming: MessageConformance.clientStreaming
        case .earlyAnswer: MessageConformance.earlyAnswer
        case .pingPong: MessageConformance.pingPong
        case .compression: MessageConformance.compression
        case .checksums: MessageConformance.checksums
        case .customMetadata: StatusConformance.customMetadata
        case .streamHeaders: StatusConformance.streamHeaders
        case .statusCodeAndMessage: StatusConformance.statusCodeAndMessage
        case .specialStatusMessage: StatusConformance.specialStatusMessage
        case .unimplementedMethod: StatusConformance.unimplementedMethod
        case .cancelAfterBegin: StatusConformance.cancelAfterBegin
        case .cancelAfterFirstResponse: StatusConformance.cancelAfterFirstResponse
        case .timeoutOnSleepingServer: StatusConformance.timeoutOnSleepingServer
        case .deadlineThroughTwoHops: StatusConformance.deadlineThroughTwoHops
        case .retries: PolicyConformance.retries
        case .oneExecutionPerKey: PolicyConformance.oneExecutionPerKey
        case .rpcSoak: PolicyConformance.rpcSoak
        case .channelSoak: PolicyConformance.channelSoak
        case .healthCheckAndWatch: PolicyConformance.healthCheckAndWatch
        case .reflection: PolicyConformance.reflection
        }
    }
}
