/// When policies are compared, on what, and by what the best is chosen.
///
/// Validation pictures are drawn by the fleet with the same prompts and the same noise for every policy; nothing is learned
/// from them.
public struct ValidationConfiguration: Codable, Hashable, Sendable {
    public enum Selection: String, Codable, CaseIterable, Sendable {
        /// The largest mean reward (RPO: Miao et al., 2024, section 4).
        case best
        /// The first checkpoint that has most pictures better than the base model's from the same noise (TextNorm: Kim et
        /// al., 2024, section 5.5).
        case earliestMaximum = "earliest-maximum"
    }

    /// Rounds between two validations; 0 is none.
    ///
    /// Where there are any, the base model and the last policy are validated in any case.
    public var every = 0
    /// Pictures of one validation.
    public var samples = 32
    /// What they are drawn for, one prompt after another; empty means the run's prompts.
    public var prompts: [String] = []
    /// The name of the reward that counts; empty means the weighted sum that is trained on.
    public var reward = ""
    public var selection = Selection.best

    public init() {}

    public var isOn: Bool { every > 0 }

    func validate(samplesPerUnit: Int, rewards: [String]) throws(ConfigurationError) {
        guard every >= 0 else { throw ConfigurationError(path: "validation.every", "\(every) is negative") }
        try requirePositive(samples, "validation.samples")
        guard !isOn || samples.isMultiple(of: samplesPerUnit) else {
            throw ConfigurationError(
                path: "validation.samples", "\(samples) is not a multiple of sampling.samplesPerUnit \(samplesPerUnit)")
        }
        guard prompts.allSatisfy({ !$0.isEmpty }) else {
            throw ConfigurationError(path: "validation.prompts", "no prompt may be empty")
        }
        guard reward.isEmpty || rewards.contains(reward) else {
            throw ConfigurationError(
                path: "validation.reward",
                "there is no reward '\(reward)' in this run; there are: \(rewards.joined(separator: ", "))")
        }
    }
}

extension RunConfiguration {
    /// What a validation unit draws: the same for every policy.
    public func validationPrompts(ofUnit place: Int) -> [String] {
        let all = validation.prompts.isEmpty ? prompts : validation.prompts
        let first = place * sampling.samplesPerUnit
        return (first..<first + sampling.samplesPerUnit).map { all[$0 % all.count] }
    }
}
