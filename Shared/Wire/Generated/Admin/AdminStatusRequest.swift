// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.StatusRequest`.
public struct AdminStatusRequest: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension AdminStatusRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__StatusRequest()
        atelier__admin__status_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
