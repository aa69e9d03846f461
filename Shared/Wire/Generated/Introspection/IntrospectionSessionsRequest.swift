// Written by WireGenerator from rpc/introspection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.introspection.SessionsRequest`.
public struct IntrospectionSessionsRequest: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension IntrospectionSessionsRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Introspection__SessionsRequest()
        atelier__introspection__sessions_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
