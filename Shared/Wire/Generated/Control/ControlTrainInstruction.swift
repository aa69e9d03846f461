// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.TrainInstruction`.
public struct ControlTrainInstruction: Sendable, Hashable {
    public var round: UInt32
    /// In the order in which the batch is composed.
    public var units: [UInt64]

    /// A message; every field may be left at its default.
    public init() { self.init(round: 0) }

    /// A message with the given fields.
    public init(round: UInt32 = 0, units: [UInt64] = []) {
        self.round = round
        self.units = units
    }
}

extension ControlTrainInstruction: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__TrainInstruction()
        atelier__control__train_instruction__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__TrainInstruction.self).pointee
        self.init()
        round = c.round
        units = WireValue.array(c.units, c.n_units) { $0 }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__TrainInstruction.self)
        c.pointee.round = round
        c.pointee.n_units = units.count
        c.pointee.units = arena.array(units)
    }
}
