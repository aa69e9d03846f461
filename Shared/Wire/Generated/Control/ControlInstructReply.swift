// Written by WireGenerator from atelier/control.proto. Do not edit: run protos/generate.sh.

internal import CProtobufC
internal import CWire
import Messaging

/// `atelier.control.InstructReply`.
public struct ControlInstructReply: Sendable, Hashable {
    /// One of the fields of `instruction`.
    public enum Instruction: Sendable, Hashable {
        case train(ControlTrainInstruction)
        /// Write the checkpoint of this many rounds.
        case checkpoint(UInt32)
        /// Nothing to do now, and why.
        case wait(String)
        /// The run is over.
        case stop(Bool)
    }

    public var instruction: Instruction?

    /// A message; every field may be left at its default.
    public init() { self.init(instruction: nil) }

    /// A message with the given fields.
    public init(instruction: Instruction? = nil) {
        self.instruction = instruction
    }
}

extension ControlInstructReply: WireMessage {
    public static let wireDescriptor: WireDescriptor = {
        var message = Atelier__Control__InstructReply()
        atelier__control__instruct_reply__init(&message)
        return WireDescriptor(message.base.descriptor)
    }()

    public init(wire: UnsafeRawPointer) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__InstructReply.self).pointee
        self.init()
        switch c.instruction_case.rawValue {
        case 1: instruction = (WireValue.message(c.train)).map { .train($0) }
        case 2: instruction = .checkpoint(c.checkpoint)
        case 3: instruction = .wait(WireValue.string(c.wait))
        case 4: instruction = .stop(c.stop != 0)
        default: break
        }
    }

    public func fill(wire: UnsafeMutableRawPointer, in arena: WireArena) {
        let c = wire.assumingMemoryBound(to: Atelier__Control__InstructReply.self)
        switch instruction {
        case .train(let value):
            c.pointee.instruction_case = .init(rawValue: 1)
            c.pointee.train = arena.message(value).assumingMemoryBound(to: Atelier__Control__TrainInstruction.self)
        case .checkpoint(let value):
            c.pointee.instruction_case = .init(rawValue: 2)
            c.pointee.checkpoint = value
        case .wait(let value):
            c.pointee.instruction_case = .init(rawValue: 3)
            c.pointee.wait = arena.string(value)
        case .stop(let value):
            c.pointee.instruction_case = .init(rawValue: 4)
            c.pointee.stop = value ? 1 : 0
        case nil: break
        }
    }
}
