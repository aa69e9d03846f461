// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// A command was accepted; the run is in this state now.
public struct AdminCommandReply: Sendable, Hashable {
    public var state: String
    public var message: String

    /// A message; every field may be left at its default.
    public init() { self.init(state: "") }

    /// A message with the given fields.
    public init(state: String = "", message: String = "") {
        self.state = state
        self.message = message
    }
}

extension AdminCommandReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__CommandReply()
        atelier__admin__command_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__CommandReply.self).pointee
        self.init()
        state = WireValue.string(c.state)
        message = WireValue.string(c.message)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__CommandReply.self)
        if !state.isEmpty { c.pointee.state = arena.string(state) }
        if !message.isEmpty { c.pointee.message = arena.string(message) }
    }
}
