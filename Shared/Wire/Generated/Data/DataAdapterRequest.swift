// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.data.AdapterRequest`.
public struct DataAdapterRequest: Sendable, Hashable {
    public var version: UInt32

    /// A message; every field may be left at its default.
    public init() { self.init(version: 0) }

    /// A message with the given fields.
    public init(version: UInt32 = 0) {
        self.version = version
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
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Data__AdapterRequest.self)
        c.pointee.version = version
    }
}
