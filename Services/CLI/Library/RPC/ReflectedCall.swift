import Foundation
import RPC
import RPCServices
import ServiceRuntime

/// A call with JSON in and out.
struct ReflectedCall {
    let method: String
    let requests: [String]
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
        let texts = requests.isEmpty && !declared.clientStreams ? ["{}"] : requests
        guard declared.clientStreams || texts.count == 1 else {
            throw ServiceError("\(method) takes one message, not \(texts.count)", exitCode: .usage)
        }
        var messages: [RawMessage] = []
        for (index, text) in texts.enumerated() {
            let body = try peer.schema.encode(try JSONValue(parsing: text), as: declared.input)
            messages.append(RawMessage(body: body, attachments: index == 0 ? attachments : []))
        }
        let descriptor = MethodDescriptor(
            service: service.name, name: declared.name, kind: Self.kind(declared), idempotency: .unknown)
        var number = 0
        let metadata = try await peer.channel.raw(descriptor, messages, options: options) { reply in
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
