import Foundation
import RPC
import RPCServices
import ServiceRuntime
import Synchronization

/// A call with JSON in and out.
struct ReflectedCall {
    let method: String
    /// One message each; nil: the lines of standard input.
    let requests: [String]?
    let options: CallOptions
    let attachments: [Attachment]
    /// Where attachments of replies go.
    let folder: String?
    let isPretty: Bool
    let isVerbose: Bool

    /// Reads a file to be sent.
    ///
    /// - Throws: `ServiceError` that names the file.
    static func attachment(_ pair: (name: String, file: String)) throws -> Attachment {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: pair.file))
            return Attachment(name: pair.name, copying: [UInt8](data))
        } catch {
            throw ServiceError("cannot read \(pair.file): \(ServiceProcess.oneLine(error))", exitCode: .usage)
        }
    }

    /// Calls, and prints each reply as it comes.
    func run(_ peer: ReflectedPeer) async throws {
        let (service, declared) = try peer.method(method)
        let descriptor = MethodDescriptor(
            service: service.name, name: declared.name, kind: Self.kind(declared), idempotency: .unknown)
        var number = 0
        let metadata = try await peer.channel.raw(
            descriptor, reading: try await messages(declared, peer.schema), options: options
        ) { reply in
            Output.line(try peer.schema.json(reply.body, as: declared.output).text(pretty: isPretty))
            for attachment in reply.attachments { try save(attachment, number) }
            number += 1
        }
        guard isVerbose else { return }
        for (kind, entries) in [("header", metadata.headers), ("trailer", metadata.trailers)] {
            for entry in entries.entries {
                Output.error("\(kind) \(entry.key): \(String(decoding: entry.value, as: UTF8.self))\n")
            }
        }
    }

    /// The messages to be sent: those that were given, or the lines of standard input, as a method that takes a stream
    /// wants them.
    private func messages(
        _ declared: Schema.Method, _ schema: Schema
    ) async throws -> AsyncThrowingStream<RawMessage, any Error> {
        // The first message takes them.
        let left = Mutex(attachments)
        @Sendable func message(_ text: String) throws -> RawMessage {
            let body = try schema.encode(try JSONValue(parsing: text), as: declared.input)
            return left.withLock { left in
                defer { left = [] }
                return RawMessage(body: body, attachments: left)
            }
        }
        if requests == nil, declared.clientStreams {
            return AsyncThrowingStream(unfolding: { try await Self.line().map(message) })
        }
        var texts = requests ?? []
        while requests == nil, let line = await Self.line() { texts.append(line) }
        if texts.isEmpty, !declared.clientStreams { texts = ["{}"] }
        guard declared.clientStreams || texts.count == 1 else {
            throw ServiceError("\(method) takes one message, not \(texts.count)", exitCode: .usage)
        }
        let messages = try texts.map(message)
        return AsyncThrowingStream { continuation in
            for message in messages { continuation.yield(message) }
            continuation.finish()
        }
    }

    /// The next line of standard input that is not empty, read on a thread that may wait for it.
    private static func line() async -> String? {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var line = readLine()
                while line?.allSatisfy(\.isWhitespace) == true { line = readLine() }
                continuation.resume(returning: line)
            }
        }
    }

    private static func kind(_ method: Schema.Method) -> MethodDescriptor.Kind {
        switch (method.clientStreams, method.serverStreams) {
        case (false, false): .unary
        case (false, true): .serverStreaming
        case (true, false): .clientStreaming
        case (true, true): .bidirectional
        }
    }

    private func save(_ attachment: Attachment, _ message: Int) throws {
        guard let folder else {
            return Output.error(
                "attachment '\(attachment.name)': \(attachment.bytes.count) bytes (--save DIR keeps them)\n")
        }
        // The name is the peer's: only its last part is used.
        let name = attachment.name.split(separator: "/").last.map(String.init) ?? "attachment"
        let url = URL(fileURLWithPath: folder)
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw ServiceError("cannot make \(folder): \(ServiceProcess.oneLine(error))")
        }
        let data = attachment.bytes.withUnsafeBytes { Data($0) }
        try AtomicFile.write(data, to: url.appending(path: "\(message)-\(name)"))
    }
}
