/// What a worker that asks for work is told.
///
/// Derived from the books, never stored: a worker that lost an answer asks again and is told the same.
public enum LeaseOffer: Hashable, Sendable {
    case lease(unit: UnitID, policyVersion: Int)
    /// Nothing to draw now, and why.
    case wait(String)
    /// The run is over.
    case stop
}

/// What the learner is to do next.
public enum LearnerInstruction: Hashable, Sendable {
    /// Train on these units, in this order, and publish policy version `round + 1`.
    case train(round: Int, units: [UnitID])
    /// Write the checkpoint of this many rounds.
    case checkpoint(round: Int)
    /// Nothing to do now, and why.
    case wait(String)
    /// The run is over.
    case stop
}
