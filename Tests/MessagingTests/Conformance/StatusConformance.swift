import RPC
import Testing
import Wire

/// How calls end, and what is said beside the messages.
enum StatusConformance {
    static func customMetadata(_ subject: Subject) async throws {
        var metadata: Metadata = ["x-echo-initial": "initial"]
        metadata.append("x-echo-trailing", bytes: Array(0...255))
        let reply = try await subject.echo.unary(EchoRequest(), options: CallOptions(metadata: metadata))
        #expect(reply.headers["x-echo-initial"] == "initial")
        #expect(reply.trailers[bytes: "x-echo-trailing"] == Array(0...255))
    }

    /// A server that sends no headers has sent none by its first message, or by its end.
    static func streamHeaders(_ subject: Subject) async throws {
        let stream = try await subject.echo.serverStream(EchoRequest(number: 1))
        #expect(await stream.headers.entries.isEmpty)
        let empty = try await subject.echo.serverStream(EchoRequest(number: 0))
        #expect(await empty.headers.entries.isEmpty)
        for try await _ in stream {}
        for try await _ in empty {}
    }

    static func statusCodeAndMessage(_ subject: Subject) async throws {
        for code in UInt32(1)...16 {
            let request = EchoRequest(text: "status \(code)", mode: .fail, number: code, payload: [1, 2])
            let metadata: Metadata = ["x-echo-trailing": "last"]
            let status = try await #require(throws: RPCStatus.self) {
                try await subject.echo.unary(request, options: CallOptions(metadata: metadata))
            }
            #expect(status.code.number == code)
            #expect(status.message == "status \(code)")
            #expect(status.details == [RPCStatus.Detail(typeURL: "atelier.echo/Detail", value: [1, 2])])
            #expect(status.trailers["x-echo-trailing"] == "last")
        }
    }

    static func specialStatusMessage(_ subject: Subject) async throws {
        let text = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
        let status = await #expect(throws: RPCStatus.self) {
            try await subject.echo.unary(EchoRequest(text: text, mode: .fail, number: 2))
        }
        #expect(status?.message == text)
    }

    static func unimplementedMethod(_ subject: Subject) async throws {
        for service in ["atelier.echo.Echo", "atelier.Nobody"] {
            let method = Method<EchoRequest, EchoResponse>(
                service: service, name: "Missing", kind: .unary, idempotency: .unknown)
            let status = await #expect(throws: RPCStatus.self) {
                try await subject.session.unary(method, EchoRequest(), attachments: [], options: CallOptions())
            }
            #expect(status?.code == .unimplemented)
            #expect(status?.message.contains("\(service)/Missing") == true)
        }
    }

    static func cancelAfterBegin(_ subject: Subject) async throws {
        let echo = subject.echo
        try await subject.untilCancelled {
            let options = CallOptions(metadata: ["x-count": "begun-\(UInt64.random(in: 0 ... .max))"])
            let call = Task { try await echo.unary(EchoRequest(delayUs: 60_000_000), options: options) }
            // It has begun once it is counted beside those that ask.
            var asked = 0
            repeat {
                asked += 1
            } while try await echo.unary(EchoRequest(), options: options).trailers["x-executions"]
                == "\(asked)"
            call.cancel()
            let status = await #expect(throws: RPCStatus.self) { try await call.value }
            #expect(status?.code == .cancelled)
        }
    }

    static func cancelAfterFirstResponse(_ subject: Subject) async throws {
        try await subject.untilCancelled {
            let request = EchoRequest(number: .max, payload: [UInt8](repeating: 0, count: 1000))
            for try await item in try await subject.echo.serverStream(request) {
                #expect(item.message.number == 0)
                break
            }
        }
    }

    static func timeoutOnSleepingServer(_ subject: Subject) async throws {
        try await subject.untilCancelled {
            let status = await #expect(throws: RPCStatus.self) {
                try await subject.echo.unary(
                    EchoRequest(delayUs: 60_000_000), options: CallOptions(timeout: .milliseconds(300)))
            }
            #expect(status?.code == .deadlineExceeded)
        }
    }

    /// The server calls back on the session, and that call inherits what is left.
    static func deadlineThroughTwoHops(_ subject: Subject) async throws {
        let reply = try await subject.echo.relay(
            EchoRequest(text: "there"), options: CallOptions(timeout: .seconds(30)))
        #expect(reply.message.text == "there")
        #expect((1...30_000_000).contains(reply.message.remainingUs))
        let status = await #expect(throws: RPCStatus.self) {
            try await subject.echo.relay(
                EchoRequest(delayUs: 60_000_000), options: CallOptions(timeout: .milliseconds(500)))
        }
        #expect(status?.code == .deadlineExceeded)
    }
}
