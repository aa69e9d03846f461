// Written by WireGenerator from atelier/score.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// Attachment 0: the derivative of each score by its own picture, f32 of the request's shape; not a number wherever a
/// picture has no score.
public struct ScoreGradientReply: Sendable, Hashable {
    /// One for each picture, in order.
    public var scores: [ScorePictureScore]
    /// As in `DescribeReply`.
    public var identity: String

    /// A message; every field may be left at its default.
    public init() { self.init(scores: []) }

    /// A message with the given fields.
    public init(scores: [ScorePictureScore] = [], identity: String = "") {
        self.scores = scores
        self.identity = identity
    }
}

extension ScoreGradientReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Score__GradientReply()
        atelier__score__gradient_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__GradientReply.self).pointee
        self.init()
        scores = WireValue.messages(c.scores, c.n_scores)
        identity = WireValue.string(c.identity)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__GradientReply.self)
        c.pointee.n_scores = scores.count
        c.pointee.scores = arena.array(
            scores.map { Optional(arena.message($0).assumingMemoryBound(to: Atelier__Score__PictureScore.self)) })
        if !identity.isEmpty { c.pointee.identity = arena.string(identity) }
    }
}
