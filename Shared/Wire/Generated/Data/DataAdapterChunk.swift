// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Attachment 0: the chunk.
public struct DataAdapterChunk: Sendable, Hashable {
    public var sha256: [UInt8]

    /// A message; every field may be left at its default.
    public init() { self.init(sha256: []) }

    /// A message with the given fields.
    public init(sha256: [UInt8] = []) {
        self.sha256 = sha256
    }
}

extension DataAdapterChunk: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Data__AdapterChunk()
        atelier__data__adapter_chunk__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterChunk.self).pointee
        self.init()
        sha256 = WireValue.bytes(c.sha256.data, c.sha256.len)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterChunk.self)
        c.pointee.sha256 = ProtobufCBinaryData(len: sha256.count, data: arena.bytes(sha256))
    }
}
