// Written by WireGenerator from atelier/admin.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.admin.SwapRequest`.
public struct AdminSwapRequest: Sendable, Hashable {
    public var reward: String
    public var spec: String

    /// A message; every field may be left at its default.
    public init() { self.init(reward: "") }

    /// A message with the given fields.
    public init(reward: String = "", spec: String = "") {
        self.reward = reward
        self.spec = spec
    }
}

extension AdminSwapRequest: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Admin__SwapRequest()
        atelier__admin__swap_request__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__SwapRequest.self).pointee
        self.init()
        reward = WireValue.string(c.reward)
        spec = WireValue.string(c.spec)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Admin__SwapRequest.self)
        if !reward.isEmpty { c.pointee.reward = arena.string(reward) }
        if !spec.isEmpty { c.pointee.spec = arena.string(spec) }
    }
}
