/// What a key's holder is in a run.
public enum Role: String, CaseIterable, Sendable {
    case coordinator, learner, reward, sampler
    /// Somebody who may command a run.
    case `operator`
    /// Somebody who may look at a run.
    case observer

    /// All roles, for messages.
    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
