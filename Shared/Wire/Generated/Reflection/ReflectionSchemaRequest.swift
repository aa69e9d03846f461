// Written by WireGenerator from rpc/reflection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.reflection.SchemaRequest`.
public struct ReflectionSchemaRequest: Sendable, Hashable {
    /// The full name of a service or message; empty: everything.
    public var symbol: String

    /// A message; every field may be left at its default.
    public init() { self.init(symbol: "") }

    /// A message with the given fields.
    public init(symbol: String = "") {
        self.symbol = symbol
    }
}

extension ReflectionSchemaRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Reflection__SchemaRequest()
        atelier__reflection__schema_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Reflection__SchemaRequest.self).pointee
        self.init()
        symbol = WireValue.string(c.symbol)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Reflection__SchemaRequest.self)
        if !symbol.isEmpty { c.pointee.symbol = arena.string(symbol) }
    }
}
