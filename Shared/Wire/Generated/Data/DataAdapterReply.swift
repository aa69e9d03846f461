// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Attachment 0: the adapter as safetensors bytes in PEFT's layout.
public struct DataAdapterReply: Sendable, Hashable {
    public var version: UInt32
    public var sha256: String
    public var modules: UInt32

    /// A message; every field may be left at its default.
    public init() { self.init(version: 0) }

    /// A message with the given fields.
    public init(version: UInt32 = 0, sha256: String = "", modules: UInt32 = 0) {
        self.version = version
        self.sha256 = sha256
        self.modules = modules
    }
}

extension DataAdapterReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Data__AdapterReply()
        atelier__data__adapter_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterReply.self).pointee
        self.init()
        version = c.version
        sha256 = WireValue.string(c.sha256)
        modules = c.modules
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterReply.self)
        c.pointee.version = version
        if !sha256.isEmpty { c.pointee.sha256 = arena.string(sha256) }
        c.pointee.modules = modules
    }
}
