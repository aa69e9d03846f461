// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// What is drawn unlike the policy alone would (DiffExp).
public struct ControlExploration: Sendable, Hashable {
    /// The guidance scale above the threshold.
    public var earlyGuidance: Double
    /// A timestep.
    public var threshold: Double
    /// The largest weight of a phrase of a prompt.
    public var phraseWeight: Double

    /// A message; every field may be left at its default.
    public init() { self.init(earlyGuidance: 0) }

    /// A message with the given fields.
    public init(earlyGuidance: Double = 0, threshold: Double = 0, phraseWeight: Double = 0) {
        self.earlyGuidance = earlyGuidance
        self.threshold = threshold
        self.phraseWeight = phraseWeight
    }
}

extension ControlExploration: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__Exploration()
        atelier__control__exploration__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__Exploration.self).pointee
        self.init()
        earlyGuidance = c.early_guidance
        threshold = c.threshold
        phraseWeight = c.phrase_weight
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__Exploration.self)
        c.pointee.early_guidance = earlyGuidance
        c.pointee.threshold = threshold
        c.pointee.phrase_weight = phraseWeight
    }
}
