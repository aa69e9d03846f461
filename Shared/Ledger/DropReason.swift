/// Why a unit was given up; the words appear in `status` and `summary.json`.
public enum DropReason: String, Codable, CaseIterable, Sendable {
    /// Drawn with a policy older than the run allows when the batch was taken.
    case stale
    /// A reward model called the pictures invalid: there is no number to learn from.
    case invalidScore
    /// Leased as often as the run allows and never returned.
    case lost
}
