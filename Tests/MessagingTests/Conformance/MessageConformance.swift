import Messaging
import RPC
import Testing
import Wire

/// Messages and streams of every kind and size.
enum MessageConformance {
    static func pattern(_ count: Int) -> ByteBuffer {
        ByteBuffer(count: count) { memory in
            for index in memory.indices { memory[index] = UInt8(truncatingIfNeeded: index &* 31) }
        }
    }

    static func emptyUnary(_ subject: Subject) async throws {
        let reply = try await subject.echo.unary(EchoRequest())
        #expect(reply.message.text == "")
        #expect(reply.attachments.isEmpty)
        #expect(reply.trailers["served-by"] == "client")
    }

    static func largeUnary(_ subject: Subject) async throws {
        let mebibyte = 1 << 20
        // The large one comes first, so that its size alone decides whether it travels inline.
        for size in [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte, 5 * mebibyte + 3] {
            let large = Attachment(name: "large", pattern(size))
            let small = Attachment(name: "small", copying: [UInt8](1...3))
            let reply = try await subject.echo.unary(EchoRequest(), attachments: [large, small])
            #expect(reply.message.attachmentBytes == UInt64(size + 3))
            #expect(try reply.attachments.named("large").bytes == large.bytes, "\(size) bytes")
        }
        let payload = [UInt8](repeating: 7, count: mebibyte - 64)
        #expect(try await subject.echo.unary(EchoRequest(payload: payload)).message.payload == payload)
    }

    static func largerThanTheLimit(_ subject: Subject) async throws {
        let empty = Attachment(copying: [UInt8]())
        let cases: [(EchoRequest, [Attachment], Metadata)] = [
            (EchoRequest(payload: [UInt8](repeating: 0, count: 1 << 20)), [], [:]),
            (EchoRequest(), Array(repeating: empty, count: 17), [:]),
            (EchoRequest(), [], ["key": String(repeating: "x", count: 16 << 10)]),
        ]
        for (request, attachments, metadata) in cases {
            let status = await #expect(throws: RPCStatus.self) {
                try await subject.echo.unary(
                    request, attachments: attachments, options: CallOptions(metadata: metadata))
            }
            #expect(status?.code == .resourceExhausted)
        }
        #expect(try await subject.echo.unary(EchoRequest(text: "alive")).message.text == "alive")
    }

    static func serverStreaming(_ subject: Subject) async throws {
        var numbers: [UInt32] = []
        for try await item in try await subject.echo.serverStream(EchoRequest(number: 300)) {
            numbers.append(item.message.number)
        }
        #expect(numbers == Array(0..<300))
    }

    static func emptyStream(_ subject: Subject) async throws {
        for try await _ in try await subject.echo.serverStream(EchoRequest()) { Issue.record("not empty") }
        try await subject.echo.bidirectional { writer, replies in
            writer.finish()
            for try await _ in replies { Issue.record("not empty") }
        }
    }

    static func clientStreaming(_ subject: Subject) async throws {
        let sum = try await subject.echo.clientStream { writer in
            for index in 0..<100 { try await writer.send(EchoRequest(text: "\(index % 10)")) }
        }
        #expect(sum.message.number == 100)
        #expect(sum.message.text.hasPrefix("0123456789012"))
        #expect(try await subject.echo.clientStream { _ in }.message.number == 0)
    }

    static func earlyAnswer(_ subject: Subject) async throws {
        let status = await #expect(throws: RPCStatus.self) {
            try await subject.echo.clientStream { writer in
                while true { try await writer.send(EchoRequest(mode: .fail)) }
            }
        }
        #expect(status?.code == .outOfRange)
        #expect(status?.message == "enough")
    }

    static func pingPong(_ subject: Subject) async throws {
        try await subject.echo.bidirectional { writer, replies in
            var iterator = replies.makeAsyncIterator()
            for size in [0, 31_415, 9, 2653, 3 << 20] {
                let attachment = Attachment(pattern(size))
                try await writer.send(EchoRequest(number: UInt32(size)), attachments: [attachment])
                let reply = try await iterator.next()
                #expect(reply?.message.number == UInt32(size))
                #expect(reply?.attachments.first?.bytes == attachment.bytes)
            }
            writer.finish()
            #expect(try await iterator.next() == nil)
        }
    }

    /// Both ends compress what they send if the other can read it; what does not get shorter goes as it is.
    static func compression(_ subject: Subject) async throws {
        let text = [UInt8](String(repeating: "compressible ", count: 50_000).utf8)
        #expect(try await subject.echo.unary(EchoRequest(payload: text)).message.payload == text)
        var generator = SeededGenerator(state: 5)
        let noise = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        #expect(try await subject.echo.unary(EchoRequest(payload: noise)).message.payload == noise)
        // An attachment travels as it is beside a body that does not.
        let attachment = Attachment(pattern(3 << 20))
        let reply = try await subject.echo.unary(EchoRequest(payload: text), attachments: [attachment])
        #expect(reply.attachments.first?.bytes == attachment.bytes)
    }

    static func checksums(_ subject: Subject) async throws {
        let attachments = [10_000, 0, 2 << 20].map { Attachment(name: "\($0)", pattern($0)) }
        let reply = try await subject.echo.unary(EchoRequest(), attachments: attachments)
        #expect(reply.attachments == attachments)
    }
}
