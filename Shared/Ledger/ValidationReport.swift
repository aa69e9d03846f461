/// What the validation of one policy came to.
public struct ValidationReport: Codable, Hashable, Sendable {
    /// The policy's version.
    public var version = 0
    public var samples = 0
    /// Mean of the reward that counts.
    public var mean = 0.0
    public var standardError = 0.0
    /// Pictures that earn more than the base model's of the same prompt and noise.
    public var better = 0
    /// The version that is the best so far, by the run's rule.
    public var selected = 0

    public init() {}
}

extension ValidationReport {
    /// For people, in one line.
    public var line: String {
        func fixed(_ value: Double) -> String { "\((value * 10_000).rounded() / 10_000)" }
        return
            "policy \(version) is validated: \(fixed(mean)) ± \(fixed(standardError)) over \(samples) pictures, \(better) better "
            + "than the base model's; policy \(selected) is the best so far"
    }
}
