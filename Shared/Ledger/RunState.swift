/// Where a run stands.
public enum RunState: String, Codable, CaseIterable, Sendable {
    /// Waiting for the learner's first policy and for the reward services.
    case starting
    case running
    /// Nothing new is leased; what is in flight is finished.
    case pausing
    case paused
    /// No further round is planned; the last one is finished.
    case draining
    /// Nothing is leased and nothing finished; the learner writes a checkpoint.
    case stopping
    case finished
}

/// How a run ended.
public enum RunOutcome: Codable, Hashable, Sendable {
    /// Every round was trained.
    case completed
    /// Somebody asked it to stop; it can be resumed.
    case stopped
    case failed(String)
}
