import Messaging
import RPC
import Testing
import Wire

@Suite("The contract of calls, over every transport", .timeLimit(.minutes(1)))
struct CallContractTests {
    @Test(arguments: Network.allCases)
    func aCallAnswersWithWhatItWasAsked(network: Network) async throws {
        try await Pair.with(network) { pair in
            let empty = try await pair.echo.unary(EchoRequest())
            #expect(empty.message.text == "")
            let reply = try await pair.echo.unary(
                EchoRequest(text: "grün", mode: .upperCase, number: 7, payload: [1, 2]))
            #expect(reply.message.text == "GRÜN")
            #expect(reply.message.number == 7)
            #expect(reply.message.payload == [1, 2])
            #expect(reply.trailers["served-by"] == "client")
            #expect(pair.session.peer.name == "server")
            #expect(pair.session.peer.serves == ["atelier.echo.Echo"])
        }
    }

    static let mebibyte = 1 << 20
    static let sizes = [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte, 2 * mebibyte + 1, 16 * mebibyte + 3]

    @Test(arguments: Network.allCases)
    func attachmentsOfAnySizeArriveWhole(network: Network) async throws {
        try await Pair.with(network) { pair in
            for size in Self.sizes {
                let bytes = ByteBuffer(count: size) { memory in
                    for index in memory.indices { memory[index] = UInt8(truncatingIfNeeded: index &* 31) }
                }
                let small = Attachment(name: "small", copying: [Float(1), 2, 3])
                let reply = try await pair.echo.unary(
                    EchoRequest(), attachments: [small, Attachment(name: "large", bytes), small])
                #expect(reply.message.attachmentBytes == UInt64(size + 24))
                #expect(try reply.attachments.named("large").bytes == bytes, "\(size) bytes")
                #expect(try reply.attachments[2].elements(as: Float.self) == [1, 2, 3])
            }
        }
    }

    @Test(arguments: Network.allCases)
    func streamsOfEveryKindKeepTheirOrder(network: Network) async throws {
        try await Pair.with(network) { pair in
            var numbers: [UInt32] = []
            for try await item in try await pair.echo.serverStream(EchoRequest(number: 200)) {
                numbers.append(item.message.number)
            }
            #expect(numbers == Array(0..<200))
            for try await _ in try await pair.echo.serverStream(EchoRequest(number: 0)) { Issue.record("not empty") }

            let sum = try await pair.echo.clientStream { writer in
                for index in 0..<100 { try await writer.send(EchoRequest(text: "\(index % 10)")) }
            }
            #expect(sum.message.number == 100)
            #expect(sum.message.text.hasPrefix("0123456789012"))
            #expect(try await pair.echo.clientStream { _ in }.message.number == 0)
            // A message that is empty on the wire is a message all the same.
            #expect(try await pair.echo.clientStream { try await $0.send(EchoRequest()) }.message.number == 1)

            let answers = try await pair.echo.bidirectional { writer, replies in
                var iterator = replies.makeAsyncIterator()
                var answers: [String] = []
                for word in ["ping", "pong", "ping"] {
                    let large = Attachment(copying: [UInt8](repeating: 9, count: 3 << 20))
                    try await writer.send(EchoRequest(text: word), attachments: [large])
                    let reply = try await iterator.next()
                    #expect(reply?.attachments.first?.bytes == large.bytes)
                    answers.append(reply?.message.text ?? "nothing")
                }
                writer.finish()
                #expect(try await iterator.next() == nil)
                return answers
            }
            #expect(answers == ["ping", "pong", "ping"])
        }
    }

    /// The headers of the end that serves wait for nothing that the caller sends.
    @Test(arguments: Network.allCases)
    func headersMayComeAfterManyMessagesOfTheCaller(network: Network) async throws {
        let service = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(bidirectional: EchoMethods.bidirectional) { requests, replies, context in
                    for try await item in requests where item.message.number == 2 {
                        try await context.sendHeaders(["x-late": "here"])
                        try await replies.send(EchoResponse(number: 2))
                    }
                }
            ])
        try await Pair.with(network, services: [service]) { pair in
            let headers = try await pair.echo.bidirectional { writer, replies in
                for number in 0..<4 { try await writer.send(EchoRequest(number: UInt32(number))) }
                writer.finish()
                let headers = await replies.headers
                for try await item in replies { #expect(item.message.number == 2) }
                return headers
            }
            #expect(headers["x-late"] == "here")
            #expect(await pair.session.isOpen)
        }
    }

    @Test(arguments: Network.allCases)
    func everyStatusCodeAndItsTextArrive(network: Network) async throws {
        try await Pair.with(network) { pair in
            for code in UInt32(1)...16 {
                let text = "\t\ntest with whitespace\r\nand Unicode ☺ and non-BMP 😈 \(code)"
                let status = try await #require(throws: RPCStatus.self) {
                    try await pair.echo.unary(EchoRequest(text: text, mode: .fail, number: code))
                }
                #expect(status.code.number == code)
                #expect(status.message == text)
            }
            var count = 0
            let status = try await #require(throws: RPCStatus.self) {
                for try await _ in try await pair.echo.serverStream(EchoRequest(mode: .fail, number: 3)) { count += 1 }
            }
            #expect(status == RPCStatus(.aborted, "after 3"))
            #expect(count == 3)
        }
    }

    @Test(arguments: Network.allCases)
    func unknownMethodsAndServicesAreUnimplemented(network: Network) async throws {
        try await Pair.with(network) { pair in
            for (service, text) in [("atelier.echo.Echo", "no such method"), ("atelier.Nobody", "not served here")] {
                let method = Method<EchoRequest, EchoResponse>(
                    service: service, name: "Missing", kind: .unary, idempotency: .unknown)
                let status = try await #require(throws: RPCStatus.self) {
                    try await pair.session.unary(method, EchoRequest(), attachments: [], options: CallOptions())
                }
                #expect(status.code == .unimplemented)
                #expect(status.message.contains("\(service)/Missing"))
                #expect(status.message.contains(text))
            }
        }
    }

    @Test(arguments: Network.allCases)
    func callsGoBothWaysOnOneSession(network: Network) async throws {
        try await Pair.with(network, clientServices: [.echo(EchoImplementation())]) { pair in
            // `relay` calls back to the session it was called on.
            let reply = try await pair.echo.relay(EchoRequest(text: "there and back"))
            #expect(reply.message.text == "there and back")
            #expect(reply.trailers["served-by"] == "server")
            let session = try #require(pair.listener.sessions.first)
            #expect(try await EchoClient(session).unary(EchoRequest(text: "hello")).message.text == "hello")
        }
    }

    @Test(arguments: Network.allCases)
    func aThousandCallsAtOnceAllReturn(network: Network) async throws {
        try await Pair.with(network) { pair in
            let echo = pair.echo
            let sum = try await withThrowingTaskGroup(of: UInt32.self) { group in
                for index in 0..<1000 {
                    group.addTask {
                        try await echo.unary(EchoRequest(number: UInt32(index), delayUs: 1)).message.number
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 499_500)
        }
    }

    @Test(arguments: Network.allCases)
    func whatIsTooLargeIsRefusedBeforeItIsSent(network: Network) async throws {
        var configuration = EndpointConfiguration()
        configuration.limits.maximumMessageBytes = 4 << 20
        try await Pair.with(network, serverConfiguration: configuration) { pair in
            let large = Attachment(copying: [UInt8](repeating: 0, count: 4 << 20 + 1))
            let cases: [(EchoRequest, [Attachment], Metadata)] = [
                (EchoRequest(payload: [UInt8](repeating: 0, count: 1 << 20 + 1)), [], [:]),
                (EchoRequest(), [large], [:]),
                (EchoRequest(), Array(repeating: Attachment(copying: [UInt8(0)]), count: 17), [:]),
                (EchoRequest(), [], ["key": String(repeating: "x", count: 20_000)]),
            ]
            for (request, attachments, metadata) in cases {
                let status = try await #require(throws: RPCStatus.self) {
                    try await pair.echo.unary(
                        request, attachments: attachments, options: CallOptions(metadata: metadata))
                }
                #expect(status.code == .resourceExhausted)
            }
            let status = try await #require(throws: RPCStatus.self) {
                try await pair.echo.unary(EchoRequest(text: "a\0b"))
            }
            #expect(status.code == .invalidArgument)
            #expect(try await pair.echo.unary(EchoRequest(text: "alive")).message.text == "alive")
        }
    }
}
