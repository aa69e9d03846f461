// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.PauseRequest`.
public struct AdminPauseRequest: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension AdminPauseRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__PauseRequest()
        atelier__admin__pause_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
