// Written by WireGenerator from rpc/introspection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.introspection.MethodsReply`.
public struct IntrospectionMethodsReply: Sendable, Hashable {
    public var methods: [IntrospectionMethodFigures]

    /// A message; every field may be left at its default.
    public init() { self.init(methods: []) }

    /// A message with the given fields.
    public init(methods: [IntrospectionMethodFigures] = []) {
        self.methods = methods
    }
}

extension IntrospectionMethodsReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Introspection__MethodsReply()
        atelier__introspection__methods_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__MethodsReply.self).pointee
        self.init()
        methods = WireValue.messages(c.methods, c.n_methods)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__MethodsReply.self)
        c.pointee.n_methods = methods.count
        c.pointee.methods = arena.array(
            methods.map {
                Optional(arena.message($0).assumingMemoryBound(to: Atelier__Introspection__MethodFigures.self))
            })
    }
}
