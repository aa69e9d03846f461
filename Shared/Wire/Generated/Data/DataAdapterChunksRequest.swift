// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.data.AdapterChunksRequest`.
public struct DataAdapterChunksRequest: Sendable, Hashable {
    /// SHA-256 of each chunk that is wanted, 32 bytes.
    public var chunks: [[UInt8]]

    /// A message; every field may be left at its default.
    public init() { self.init(chunks: []) }

    /// A message with the given fields.
    public init(chunks: [[UInt8]] = []) {
        self.chunks = chunks
    }
}

extension DataAdapterChunksRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Data__AdapterChunksRequest()
        atelier__data__adapter_chunks_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterChunksRequest.self).pointee
        self.init()
        chunks = WireValue.array(c.chunks, c.n_chunks) { WireValue.bytes($0.data, $0.len) }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterChunksRequest.self)
        c.pointee.n_chunks = chunks.count
        c.pointee.chunks = arena.array(chunks.map { ProtobufCBinaryData(len: $0.count, data: arena.bytes($0)) })
    }
}
