// Written by WireGenerator from atelier/score.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.score.DescribeReply`.
public struct ScoreDescribeReply: Sendable, Hashable {
    public var spec: String
    /// SHA-256 of model, weights and configuration: two services with the same identity give the same scores.
    public var identity: String
    /// Whether `WithGradient` can be called.
    public var differentiable: Bool

    /// A message; every field may be left at its default.
    public init() { self.init(spec: "") }

    /// A message with the given fields.
    public init(spec: String = "", identity: String = "", differentiable: Bool = false) {
        self.spec = spec
        self.identity = identity
        self.differentiable = differentiable
    }
}

extension ScoreDescribeReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Score__DescribeReply()
        atelier__score__describe_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__DescribeReply.self).pointee
        self.init()
        spec = WireValue.string(c.spec)
        identity = WireValue.string(c.identity)
        differentiable = c.differentiable != 0
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__DescribeReply.self)
        if !spec.isEmpty { c.pointee.spec = arena.string(spec) }
        if !identity.isEmpty { c.pointee.identity = arena.string(identity) }
        c.pointee.differentiable = differentiable ? 1 : 0
    }
}
