// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// A unit that the rewards have answered for.
public struct ControlScoredUnit: Sendable, Hashable {
    public var unit: UInt64
    /// Not empty: a reward called the pictures invalid, and this is why.
    public var invalid: String

    /// A message; every field may be left at its default.
    public init() { self.init(unit: 0) }

    /// A message with the given fields.
    public init(unit: UInt64 = 0, invalid: String = "") {
        self.unit = unit
        self.invalid = invalid
    }
}

extension ControlScoredUnit: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__ScoredUnit()
        atelier__control__scored_unit__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__ScoredUnit.self).pointee
        self.init()
        unit = c.unit
        invalid = WireValue.string(c.invalid)
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__ScoredUnit.self)
        c.pointee.unit = unit
        if !invalid.isEmpty { c.pointee.invalid = arena.string(invalid) }
    }
}
