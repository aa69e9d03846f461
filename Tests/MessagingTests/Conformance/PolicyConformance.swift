import RPC
import RPCServices
import Testing
import Wire

/// What is promised across calls.
enum PolicyConformance {
    static func retries(_ subject: Subject) async throws {
        var policy = RetryPolicy()
        policy.initialBackoff = .milliseconds(1)
        let options = CallOptions(metadata: ["x-fail-attempts": "2", "x-retry-after": "1"], retry: policy)
        let reply = try await subject.echo.unary(EchoRequest(text: "third time lucky"), options: options)
        #expect(reply.message.text == "third time lucky")
        let status = await #expect(throws: RPCStatus.self) {
            try await subject.echo.unary(
                EchoRequest(), options: CallOptions(metadata: ["x-fail-attempts": "1"], retry: .never))
        }
        #expect(status?.code == .unavailable)
    }

    static func oneExecutionPerKey(_ subject: Subject) async throws {
        let key = (0..<16).map { _ in UInt8.random(in: 0...255) }
        var metadata = Metadata()
        metadata.append("x-count", bytes: key)
        let options = CallOptions(metadata: metadata, idempotencyKey: key)
        let echo = subject.echo
        try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<5 {
                group.addTask {
                    try await echo.unary(EchoRequest(text: "once", delayUs: 50_000), options: options)
                        .trailers["x-executions"]
                }
            }
            for try await executions in group { #expect(executions == "1") }
        }
        #expect(try await echo.unary(EchoRequest(), options: options).message.text == "once", "the first one's answer")
    }

    static func rpcSoak(_ subject: Subject) async throws {
        for index in UInt32(0)..<300 {
            #expect(try await subject.echo.unary(EchoRequest(number: index)).message.number == index)
        }
    }

    static func channelSoak(_ subject: Subject) async throws {
        for index in UInt32(0)..<20 {
            let session = try await subject.client.dial(subject.address)
            #expect(try await EchoClient(session).unary(EchoRequest(number: index)).message.number == index)
            await session.close()
        }
    }

    static func healthCheckAndWatch(_ subject: Subject) async throws {
        let health = HealthClient(subject.session)
        #expect(try await health.check(HealthCheckRequest()).message.status == .serving)
        #expect(try await health.list(HealthListRequest()).message.statuses["atelier.echo.Echo"]?.status == .serving)
        let status = await #expect(throws: RPCStatus.self) {
            try await health.check(HealthCheckRequest(service: "nobody"))
        }
        #expect(status?.code == .notFound)
        for (service, state) in [("atelier.echo.Echo", HealthBoard.Status.serving), ("nobody", .serviceUnknown)] {
            for try await item in try await health.watch(HealthCheckRequest(service: service)) {
                #expect(item.message.status == state)
                break
            }
        }
    }

    static func reflection(_ subject: Subject) async throws {
        let client = ReflectionClient(subject.session)
        let services = try await client.services(ReflectionServicesRequest()).message.services
        #expect(services.contains("atelier.echo.Echo"))
        #expect(services.contains("grpc.health.v1.Health"))
        let reply = try await client.schema(ReflectionSchemaRequest(symbol: "atelier.echo.Echo")).message
        let schema = try Schema(descriptorSet: reply.descriptorSet)
        let methods = try #require(schema.services["atelier.echo.Echo"]).methods
        #expect(methods.map(\.name) == EchoMethods.all.map(\.name))
        // What was learned by reflection suffices for a call.
        let body = try schema.encode(
            try JSONValue(parsing: #"{"text": "hi", "mode": "MODE_UPPER_CASE"}"#), as: "atelier.echo.Request")
        let method = MethodDescriptor(
            service: "atelier.echo.Echo", name: "Unary", kind: .unary, idempotency: .noSideEffects)
        _ = try await subject.session.raw(method, [RawMessage(body: body)]) { reply in
            let text = try schema.json(reply.body, as: "atelier.echo.Response")["text"]
            #expect(text == .string("HI"))
        }
    }
}
