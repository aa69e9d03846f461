// Written by WireGenerator from rpc/reflection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.reflection.SchemaReply`.
public struct ReflectionSchemaReply: Sendable, Hashable {
    /// google.protobuf.FileDescriptorSet: the files that declare the symbol and what it needs.
    public var descriptorSet: [UInt8]

    /// A message; every field may be left at its default.
    public init() { self.init(descriptorSet: []) }

    /// A message with the given fields.
    public init(descriptorSet: [UInt8] = []) {
        self.descriptorSet = descriptorSet
    }
}

extension ReflectionSchemaReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Reflection__SchemaReply()
        atelier__reflection__schema_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Reflection__SchemaReply.self).pointee
        self.init()
        descriptorSet = WireValue.bytes(c.descriptor_set.data, c.descriptor_set.len)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Reflection__SchemaReply.self)
        c.pointee.descriptor_set = ProtobufCBinaryData(len: descriptorSet.count, data: arena.bytes(descriptorSet))
    }
}
