// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.data.AdapterHintsRequest`.
public struct DataAdapterHintsRequest: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension DataAdapterHintsRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Data__AdapterHintsRequest()
        atelier__data__adapter_hints_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
