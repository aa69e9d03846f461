// Written by WireGenerator from zrp.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// One rich error detail.
package struct ZRPDetail: Sendable, Hashable {
    package var typeURL: String
    package var value: [UInt8]

    /// A message; every field may be left at its default.
    package init() { self.init(typeURL: "") }

    /// A message with the given fields.
    package init(typeURL: String = "", value: [UInt8] = []) {
        self.typeURL = typeURL
        self.value = value
    }
}

extension ZRPDetail: WireMessage {
    package static let wireDescriptor: WireDescriptor = {
        var message = Zrp__Detail()
        zrp__detail__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    package init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Zrp__Detail.self).pointee
        self.init()
        typeURL = WireValue.string(c.type_url)
        value = WireValue.bytes(c.value.data, c.value.len)
    }

    package func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Zrp__Detail.self)
        if !typeURL.isEmpty { c.pointee.type_url = arena.string(typeURL) }
        c.pointee.value = ProtobufCBinaryData(len: value.count, data: arena.bytes(value))
    }
}
