// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Head of REQUEST.
package struct ZRPCallHead: Sendable, Hashable {
    /// package.Service/Method.
    package var method: String
    /// Counted by the receiver from receipt; 0 = the receiver's default.
    package var timeoutUs: UInt64
    package var metadata: [ZRPMeta]
    package var attempt: UInt32
    package var idempotencyKey: [UInt8]
    package var attachments: [ZRPAttachment]
    package var waitForReady: Bool
    /// Bytes of the body before it was compressed; 0 if the flag COMPRESSED is not set.
    package var uncompressedBytes: UInt32

    /// A message; every field may be left at its default.
    package init() { self.init(method: "") }

    /// A message with the given fields.
    package init(
        method: String = "", timeoutUs: UInt64 = 0, metadata: [ZRPMeta] = [], attempt: UInt32 = 0,
        idempotencyKey: [UInt8] = [], attachments: [ZRPAttachment] = [], waitForReady: Bool = false,
        uncompressedBytes: UInt32 = 0
    ) {
        self.method = method
        self.timeoutUs = timeoutUs
        self.metadata = metadata
        self.attempt = attempt
        self.idempotencyKey = idempotencyKey
        self.attachments = attachments
        self.waitForReady = waitForReady
        self.uncompressedBytes = uncompressedBytes
    }
}

extension ZRPCallHead: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__CallHead()
        zrp__call_head__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__CallHead.self).pointee
        self.init()
        method = WireValue.string(c.method)
        timeoutUs = c.timeout_us
        metadata = WireValue.messages(c.metadata, c.n_metadata)
        attempt = c.attempt
        idempotencyKey = WireValue.bytes(c.idempotency_key.data, c.idempotency_key.len)
        attachments = WireValue.messages(c.attachments, c.n_attachments)
        waitForReady = c.wait_for_ready != 0
        uncompressedBytes = c.uncompressed_bytes
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__CallHead.self)
        if !method.isEmpty { c.pointee.method = arena.string(method) }
        c.pointee.timeout_us = timeoutUs
        c.pointee.n_metadata = metadata.count
        c.pointee.metadata = arena.array(
            metadata.map { Optional(arena.message($0).assumingMemoryBound(to: Zrp__Meta.self)) })
        c.pointee.attempt = attempt
        c.pointee.idempotency_key = ProtobufCBinaryData(len: idempotencyKey.count, data: arena.bytes(idempotencyKey))
        c.pointee.n_attachments = attachments.count
        c.pointee.attachments = arena.array(
            attachments.map { Optional(arena.message($0).assumingMemoryBound(to: Zrp__Attachment.self)) })
        c.pointee.wait_for_ready = waitForReady ? 1 : 0
        c.pointee.uncompressed_bytes = uncompressedBytes
    }
}
