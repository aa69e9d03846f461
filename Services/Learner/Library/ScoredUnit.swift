import ServiceAPI

/// What the rewards said of a unit's pictures.
struct ScoredUnit: Sendable {
    /// What one reward said of each picture.
    struct Column: Sendable {
        let name: String
        let weight: Double
        /// Nil where a reward that only looks on, with weight 0, has no number for a picture.
        let values: [Double?]
        /// For each picture whether it is right; nil if the reward does not say.
        let successes: [Bool]?
        /// SHA-256 of what scored them.
        let identity: String
    }

    let rewardSet: Int
    let columns: [Column]

    /// The weighted sum for each picture, which is what the policy is trained on.
    var rewards: [Double] {
        guard let count = columns.first?.values.count else { return [] }
        return (0..<count).map { picture in
            columns.reduce(0) { $0 + $1.weight * ($1.values[picture] ?? 0) }
        }
    }

    /// One reward's numbers.
    func values(of name: String) -> [Double?] { columns.first { $0.name == name }?.values ?? [] }

    /// As the first reward that says so sees it.
    var successes: [Bool]? { columns.lazy.compactMap(\.successes).first }
}
