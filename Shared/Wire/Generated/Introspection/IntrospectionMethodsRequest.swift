// Written by WireGenerator from rpc/introspection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.introspection.MethodsRequest`.
public struct IntrospectionMethodsRequest: Sendable, Hashable {

    /// A message; every field may be left at its default.
    public init() {}
}

extension IntrospectionMethodsRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Introspection__MethodsRequest()
        atelier__introspection__methods_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        self.init()
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
    }
}
