public import Ledger
public import Wire

extension LearnerInstruction {
    /// - Throws: `PeerError` if the answer is empty.
    public init(_ wire: ControlInstructReply) throws(PeerError) {
        switch wire.instruction {
        case .train(let train): self = .train(round: Int(train.round), units: train.units.map { UnitID($0) })
        case .checkpoint(let round): self = .checkpoint(round: Int(round))
        case .wait(let reason): self = .wait(reason)
        case .stop: self = .stop
        case nil: throw PeerError("the coordinator's answer holds no instruction")
        }
    }

    public var wire: ControlInstructReply {
        switch self {
        case .train(let round, let units):
            ControlInstructReply(
                instruction: .train(ControlTrainInstruction(round: UInt32(round), units: units.map(\.rawValue))))
        case .checkpoint(let round): ControlInstructReply(instruction: .checkpoint(UInt32(round)))
        case .wait(let reason): ControlInstructReply(instruction: .wait(reason))
        case .stop: ControlInstructReply(instruction: .stop(true))
        }
    }
}
