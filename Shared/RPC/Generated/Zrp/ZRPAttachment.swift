// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// What a message says of one of its attachments.
package struct ZRPAttachment: Sendable, Hashable {
    package var size: UInt64
    /// False: a frame of this message.
    ///
    /// True: CHUNK messages after it.
    package var chunked: Bool
    /// CRC-32C of the bytes; 0 = not computed.
    package var crc32c: UInt32
    package var name: String

    /// A message; every field may be left at its default.
    package init() { self.init(size: 0) }

    /// A message with the given fields.
    package init(size: UInt64 = 0, chunked: Bool = false, crc32c: UInt32 = 0, name: String = "") {
        self.size = size
        self.chunked = chunked
        self.crc32c = crc32c
        self.name = name
    }
}

extension ZRPAttachment: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__Attachment()
        zrp__attachment__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__Attachment.self).pointee
        self.init()
        size = c.size
        chunked = c.chunked != 0
        crc32c = c.crc32c
        name = WireValue.string(c.name)
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__Attachment.self)
        c.pointee.size = size
        c.pointee.chunked = chunked ? 1 : 0
        c.pointee.crc32c = crc32c
        if !name.isEmpty { c.pointee.name = arena.string(name) }
    }
}
