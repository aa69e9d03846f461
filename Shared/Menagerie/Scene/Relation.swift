/// Where the first subject stands as seen from the second.
public enum Relation: String, CaseIterable, Codable, Hashable, Sendable {
    case leftOf = "left of"
    case rightOf = "right of"
    case above
    case below

    /// The relation of the second subject to the first.
    public var inverse: Relation {
        switch self {
        case .leftOf: .rightOf
        case .rightOf: .leftOf
        case .above: .below
        case .below: .above
        }
    }
}
