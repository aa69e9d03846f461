// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.RegisterReply`.
public struct ControlRegisterReply: Sendable, Hashable {
    public var run: String
    /// The learner's data socket; empty if it has not registered yet.
    public var learnerAddress: String
    /// A worker that says nothing for so long has left.
    public var silenceMs: UInt32

    /// A message; every field may be left at its default.
    public init() { self.init(run: "") }

    /// A message with the given fields.
    public init(run: String = "", learnerAddress: String = "", silenceMs: UInt32 = 0) {
        self.run = run
        self.learnerAddress = learnerAddress
        self.silenceMs = silenceMs
    }
}

extension ControlRegisterReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__RegisterReply()
        atelier__control__register_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RegisterReply.self).pointee
        self.init()
        run = WireValue.string(c.run)
        learnerAddress = WireValue.string(c.learner_address)
        silenceMs = c.silence_ms
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__RegisterReply.self)
        if !run.isEmpty { c.pointee.run = arena.string(run) }
        if !learnerAddress.isEmpty { c.pointee.learner_address = arena.string(learnerAddress) }
        c.pointee.silence_ms = silenceMs
    }
}
