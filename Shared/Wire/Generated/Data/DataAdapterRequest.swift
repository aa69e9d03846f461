// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.data.AdapterRequest`.
public struct DataAdapterRequest: Sendable, Hashable {
    /// For messages.
    public var version: UInt32
    /// Which one: a learner that begins again at a checkpoint may publish another adapter under a version.
    public var sha256: String

    /// A message; every field may be left at its default.
    public init() { self.init(version: 0) }

    /// A message with the given fields.
    public init(version: UInt32 = 0, sha256: String = "") {
        self.version = version
        self.sha256 = sha256
    }
}

extension DataAdapterRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Data__AdapterRequest()
        atelier__data__adapter_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterRequest.self).pointee
        self.init()
        version = c.version
        sha256 = WireValue.string(c.sha256)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterRequest.self)
        c.pointee.version = version
        if !sha256.isEmpty { c.pointee.sha256 = arena.string(sha256) }
    }
}
