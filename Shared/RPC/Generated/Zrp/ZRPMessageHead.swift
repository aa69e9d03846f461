// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Head of MESSAGE.
package struct ZRPMessageHead: Sendable, Hashable {
    package var attachments: [ZRPAttachment]
    /// Bytes of the body before it was compressed; 0 if the flag COMPRESSED is not set.
    package var uncompressedBytes: UInt32

    /// A message; every field may be left at its default.
    package init() { self.init(attachments: []) }

    /// A message with the given fields.
    package init(attachments: [ZRPAttachment] = [], uncompressedBytes: UInt32 = 0) {
        self.attachments = attachments
        self.uncompressedBytes = uncompressedBytes
    }
}

extension ZRPMessageHead: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__MessageHead()
        zrp__message_head__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__MessageHead.self).pointee
        self.init()
        attachments = WireValue.messages(c.attachments, c.n_attachments)
        uncompressedBytes = c.uncompressed_bytes
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__MessageHead.self)
        c.pointee.n_attachments = attachments.count
        c.pointee.attachments = arena.array(
            attachments.map { Optional(arena.message($0).assumingMemoryBound(to: Zrp__Attachment.self)) })
        c.pointee.uncompressed_bytes = uncompressedBytes
    }
}
