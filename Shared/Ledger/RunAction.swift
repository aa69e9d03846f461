/// What an event led to: the shell tells the processes concerned, and whoever watches the run.
public enum RunAction: Hashable, Sendable {
    case stateChanged(from: RunState, to: RunState)
    case planned(round: Int)
    case settled(unit: UnitID, SettleOutcome)
    /// A lease was given up; the unit waits for another worker.
    case requeued(unit: UnitID)
    case dropped(unit: UnitID, DropReason)
    /// Every unit of the round has its scores: the learner can take the batch.
    case batchReady(round: Int, units: [UnitID])
    case checkpointDue(round: Int)
    case rewardSetCurrent(version: Int)
    case rewardSetRetired(version: Int)
    case finished(RunOutcome)
}
