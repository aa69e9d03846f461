// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.DrainRequest`.
public struct AdminDrainRequest: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension AdminDrainRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__DrainRequest()
        atelier__admin__drain_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
