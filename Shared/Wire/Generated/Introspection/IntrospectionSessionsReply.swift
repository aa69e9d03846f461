// Written by WireGenerator from rpc/introspection.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.introspection.SessionsReply`.
public struct IntrospectionSessionsReply: Sendable, Hashable {
    public var sessions: [IntrospectionSession]

    /// A message; every field may be left at its default.
    public init() { self.init(sessions: []) }

    /// A message with the given fields.
    public init(sessions: [IntrospectionSession] = []) {
        self.sessions = sessions
    }
}

extension IntrospectionSessionsReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Introspection__SessionsReply()
        atelier__introspection__sessions_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__SessionsReply.self).pointee
        self.init()
        sessions = WireValue.messages(c.sessions, c.n_sessions)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Introspection__SessionsReply.self)
        c.pointee.n_sessions = sessions.count
        c.pointee.sessions = arena.array(
            sessions.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Introspection__Session.self)) })
    }
}
