// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// One entry of metadata; keys may repeat.
package struct ZRPMeta: Sendable, Hashable {
    package var key: String
    package var value: [UInt8]

    /// A message; every field may be left at its default.
    package init() { self.init(key: "") }

    /// A message with the given fields.
    package init(key: String = "", value: [UInt8] = []) {
        self.key = key
        self.value = value
    }
}

extension ZRPMeta: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__Meta()
        zrp__meta__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__Meta.self).pointee
        self.init()
        key = WireValue.string(c.key)
        value = WireValue.bytes(c.value.data, c.value.len)
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__Meta.self)
        if !key.isEmpty { c.pointee.key = arena.string(key) }
        c.pointee.value = ProtobufCBinaryData(len: value.count, data: arena.bytes(value))
    }
}
