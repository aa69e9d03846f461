// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// A published adapter, cut into chunks: all that is needed to fetch it from anybody and to know that it is right.
public struct DataAdapterManifest: Sendable, Hashable {
    public var version: UInt32
    /// SHA-256 of the whole in hexadecimal, as it stands in the coordinator's books and in every lease.
    public var sha256: String
    /// Modules that it binds.
    public var modules: UInt32
    /// Of the whole: safetensors in PEFT's layout.
    public var bytes: UInt64
    /// Of every chunk but the last, which may be shorter.
    public var chunkBytes: UInt32
    /// SHA-256 of each chunk, 32 bytes, in order.
    public var chunks: [[UInt8]]

    /// A message; every field may be left at its default.
    public init() { self.init(version: 0) }

    /// A message with the given fields.
    public init(
        version: UInt32 = 0, sha256: String = "", modules: UInt32 = 0, bytes: UInt64 = 0, chunkBytes: UInt32 = 0,
        chunks: [[UInt8]] = []
    ) {
        self.version = version
        self.sha256 = sha256
        self.modules = modules
        self.bytes = bytes
        self.chunkBytes = chunkBytes
        self.chunks = chunks
    }
}

extension DataAdapterManifest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Data__AdapterManifest()
        atelier__data__adapter_manifest__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterManifest.self).pointee
        self.init()
        version = c.version
        sha256 = WireValue.string(c.sha256)
        modules = c.modules
        bytes = c.bytes
        chunkBytes = c.chunk_bytes
        chunks = WireValue.array(c.chunks, c.n_chunks) { WireValue.bytes($0.data, $0.len) }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterManifest.self)
        c.pointee.version = version
        if !sha256.isEmpty { c.pointee.sha256 = arena.string(sha256) }
        c.pointee.modules = modules
        c.pointee.bytes = bytes
        c.pointee.chunk_bytes = chunkBytes
        c.pointee.n_chunks = chunks.count
        c.pointee.chunks = arena.array(chunks.map { ProtobufCBinaryData(len: $0.count, data: arena.bytes($0)) })
    }
}
