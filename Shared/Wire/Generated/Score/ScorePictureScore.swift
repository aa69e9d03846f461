// Written by WireGenerator from atelier/score.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// A failure is never a number.
public struct ScorePictureScore: Sendable, Hashable {
    /// One of the fields of `outcome`.
    public enum Outcome: Sendable, Hashable {
        case number(ScoreNumber)
        /// The service cannot say now, and why; ask again.
        case unavailable(String)
        /// There is no score for this picture, and why; asking again would not help.
        case invalid(String)
    }

    public var outcome: Outcome?

    /// A message; every field may be left at its default.
    public init() { self.init(outcome: nil) }

    /// A message with the given fields.
    public init(outcome: Outcome? = nil) {
        self.outcome = outcome
    }
}

extension ScorePictureScore: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Score__PictureScore()
        atelier__score__picture_score__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__PictureScore.self).pointee
        self.init()
        switch c.outcome_case.rawValue {
        case 1: outcome = (WireValue.message(c.number)).map { .number($0) }
        case 2: outcome = .unavailable(WireValue.string(c.unavailable))
        case 3: outcome = .invalid(WireValue.string(c.invalid))
        default: break
        }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Score__PictureScore.self)
        switch outcome {
        case .number(let value):
            c.pointee.outcome_case = .init(rawValue: 1)
            c.pointee.number = arena.message(value).assumingMemoryBound(to: Atelier__Score__Number.self)
        case .unavailable(let value):
            c.pointee.outcome_case = .init(rawValue: 2)
            c.pointee.unavailable = arena.string(value)
        case .invalid(let value):
            c.pointee.outcome_case = .init(rawValue: 3)
            c.pointee.invalid = arena.string(value)
        case nil: break
        }
    }
}
