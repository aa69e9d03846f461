/// The outcome of scoring one picture: a failure is never a reward of 0.
public enum Score: Sendable, Hashable, Codable {
    /// The reward, a finite number, with the parts it was made of.
    case value(Double, detail: [String: Double])
    /// No score now, though the picture and the prompt are fine; the reason in one line. Asking again may help.
    case unavailable(String)
    /// This picture or prompt cannot be scored by this model; the reason in one line. Asking again is of no use.
    case invalid(String)

    /// The reward, if there is one.
    public var value: Double? {
        guard case .value(let value, _) = self else { return nil }
        return value
    }
}
