import Messaging

extension Metadata {
    package init(_ wire: [ZRPMeta]) {
        for entry in wire { append(entry.key, bytes: entry.value) }
    }

    package var wire: [ZRPMeta] { entries.map { ZRPMeta(key: $0.key, value: $0.value) } }
}

extension RPCStatus {
    /// The longest text that travels; more is cut.
    private static let maximumText = 4096

    package init(_ head: ZRPCallStatus, code: UInt32) {
        self.init(Code(number: code), head.text, notProcessed: head.notProcessed)
        details = head.details.map { Detail(typeURL: $0.typeURL, value: $0.value) }
        trailers = Metadata(head.trailers)
        if head.retryAfterMs != 0 { retryAfter = .milliseconds(Int64(head.retryAfterMs)) }
    }

    package var wire: ZRPCallStatus {
        var text = message.replacing("\0", with: "\u{FFFD}")
        // By bytes: a character can have any number of them.
        if text.utf8.count > Self.maximumText {
            text = String(decoding: text.utf8.prefix(Self.maximumText), as: UTF8.self)
        }
        let milliseconds = retryAfter.map { $0 / .milliseconds(1) } ?? 0
        return ZRPCallStatus(
            code: code.number, text: text, trailers: trailers.wire,
            details: details.map { ZRPDetail(typeURL: $0.typeURL, value: $0.value) },
            retryAfterMs: Int32(clamping: Int64(milliseconds)), notProcessed: notProcessed)
    }
}

/// A message as the runtime gives it to the core.
package struct OutgoingMessage: Sendable {
    package var body: [UInt8]
    package var attachments: [Attachment]
    /// Bytes of the body before it was compressed; 0 if it is not.
    package var uncompressedBytes = 0
    /// CRC-32C of the attachments, or empty.
    package var checksums: [UInt32] = []

    package init(body: [UInt8], attachments: [Attachment] = []) {
        self.body = body
        self.attachments = attachments
    }

    package var byteCount: Int { attachments.reduce(body.count) { $0 + $1.bytes.count } }
}

/// A message as the core gives it to the runtime, whole.
package struct IncomingMessage: Sendable {
    package var body: Frame
    package var attachments: [Attachment]
    /// What reading it returns to the sender.
    package var credit: Int
    /// Memory that it holds of the session's until it is read.
    package var reserved: Int
    /// Bytes of the body before it was compressed; 0 if it is not.
    package var uncompressedBytes = 0
    /// CRC-32C that the attachments are to have; 0 for those of which the sender did not say.
    package var checksums: [UInt32] = []
}

/// What the originator says of a call.
package struct CallRequest: Sendable {
    package var method: String
    package var timeout: Duration
    package var metadata: Metadata
    package var attempt: UInt32
    package var idempotencyKey: [UInt8]
    package var waitForReady: Bool
}
