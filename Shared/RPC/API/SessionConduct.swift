import Messaging

/// How the calls on one session are made, as the endpoint and the peer have agreed.
struct SessionConduct: Sendable {
    var compressesBodies = false
    var checksumsAttachments = false
    var clientInterceptors: [any ClientInterceptor] = []
    var defaultTimeout: Duration = .seconds(60)
    var permissions: Permissions?
}

extension OutgoingMessage {
    /// Bodies up to this size are not worth the trouble.
    private static let smallBody = 1024

    /// The message as it is to travel on a session.
    func prepared(_ conduct: SessionConduct) -> OutgoingMessage {
        guard conduct.compressesBodies || conduct.checksumsAttachments else { return self }
        var message = self
        if conduct.compressesBodies, body.count > Self.smallBody, body.count <= SessionLimits.maximumBodyBytes,
            let compressed = Deflate.compress(body)
        {
            message.body = compressed
            message.uncompressedBytes = body.count
        }
        // A checksum of 0 means that there is none: one in four billion goes without.
        if conduct.checksumsAttachments { message.checksums = attachments.map(\.bytes.crc32c) }
        return message
    }

    /// The message without compression.
    var inflated: OutgoingMessage {
        guard uncompressedBytes > 0,
            let plain = body.withUnsafeBytes({ Deflate.decompress($0, count: uncompressedBytes) })
        else { return self }
        var message = self
        (message.body, message.uncompressedBytes) = (plain, 0)
        return message
    }
}

extension IncomingMessage {
    /// Checks what came beside the body, and gives the body to be decoded.
    ///
    /// - Throws: ``RPCStatus`` dataLoss when a checksum or a compressed body is wrong.
    func withBody<Result>(
        _ method: String, _ decode: (UnsafeRawBufferPointer) throws(RPCStatus) -> Result
    ) throws(RPCStatus) -> Result {
        for (attachment, expected) in zip(attachments, checksums) where expected != 0 {
            guard attachment.bytes.crc32c == expected else {
                throw RPCStatus(.dataLoss, "\(method): attachment '\(attachment.name)' does not have its checksum")
            }
        }
        guard uncompressedBytes > 0 else {
            return try body.withUnsafeBytes { (bytes) throws(RPCStatus) in try decode(bytes) }
        }
        guard let plain = body.withUnsafeBytes({ Deflate.decompress($0, count: uncompressedBytes) }) else {
            throw RPCStatus(.dataLoss, "\(method): the compressed body is not \(uncompressedBytes) bytes")
        }
        return try Frame.bytes(plain).withUnsafeBytes { (bytes) throws(RPCStatus) in try decode(bytes) }
    }
}
