import NeuralNet
import RL

/// Everything that defines a run.
///
/// Read from YAML over these defaults; a key that is not here is an error.
public struct RunConfiguration: Codable, Hashable, Sendable {
    /// What the run is called in its summary and its folder.
    public var run = "run"
    /// Every random number of the run is a function of this seed.
    public var seed: UInt64 = 1
    /// A folder in the diffusers layout, or `menagerie` for the embedded model.
    public var model = "menagerie"
    /// Updates of the policy.
    public var rounds = 20
    /// How many versions older than the learner's policy the pictures of a batch may be; 0 is on-policy.
    public var staleness = 0
    /// The prompts that pictures are drawn for.
    public var prompts = ["a green colored rabbit"]
    public var sampling = SamplingConfiguration()
    public var algorithm = AlgorithmConfiguration()
    public var training = TrainingConfiguration()
    public var exploration = Exploration()
    public var validation = ValidationConfiguration()
    public var optimizer = OptimizerConfiguration()
    public var lora = LoRAConfiguration()
    public var rewards = [RewardAssignment()]
    public var fleet = FleetConfiguration()
    public var leases = LeaseConfiguration()
    public var checkpoints = CheckpointConfiguration()

    public init() {}

    /// Refuses values that fit their type and make no sense.
    ///
    /// - Throws: `ConfigurationError` that names the first such key.
    public func validate() throws(ConfigurationError) {
        try requirePositive(rounds, "rounds")
        guard staleness >= 0 else { throw ConfigurationError(path: "staleness", "\(staleness) is negative") }
        guard !prompts.isEmpty, prompts.allSatisfy({ !$0.isEmpty }) else {
            throw ConfigurationError(path: "prompts", "at least one prompt is needed, and none may be empty")
        }
        try sampling.validate()
        try validateAlgorithm()
        guard staleness == 0 || !recomputesOldLogProbabilities else {
            throw ConfigurationError(
                path: sampling.precision == .bf16 ? "sampling.precision" : "training.precision",
                "bf16 needs staleness 0: the learner recomputes the log-probabilities of the policy that drew the pictures, "
                    + "which must still be its own; set staleness: 0 or precision: f32")
        }
        try validateOptimizer()
        try requirePositive(lora.rank, "lora.rank")
        try requirePositive(Double(lora.alpha), "lora.alpha")
        guard !lora.targetModules.isEmpty else {
            throw ConfigurationError(path: "lora.targetModules", "no layer is adapted")
        }
        guard !rewards.isEmpty else { throw ConfigurationError(path: "rewards", "at least one reward is needed") }
        for (index, reward) in rewards.enumerated() {
            try reward.validate(path: "rewards.\(index)")
            if rewards[..<index].contains(where: { $0.name == reward.name }) {
                throw ConfigurationError(path: "rewards.\(index).name", "'\(reward.name)' is used twice")
            }
        }
        try validation.validate(samplesPerUnit: sampling.samplesPerUnit, rewards: rewards.map(\.name))
        try fleet.validate()
        try leases.validate()
        try requirePositive(checkpoints.every, "checkpoints.every")
    }
}

extension RunConfiguration {
    private func validateOptimizer() throws(ConfigurationError) {
        try requirePositive(optimizer.learningRate, "optimizer.learningRate")
        for (name, decay) in [("beta1", optimizer.beta1), ("beta2", optimizer.beta2)] {
            guard (0..<1).contains(decay) else {
                throw ConfigurationError(path: "optimizer.\(name)", "\(decay) must be at least 0 and below 1")
            }
        }
        try requirePositive(optimizer.epsilon, "optimizer.epsilon")
        guard optimizer.weightDecay >= 0, optimizer.weightDecay.isFinite else {
            throw ConfigurationError(
                path: "optimizer.weightDecay", "\(optimizer.weightDecay) must be a number that is not negative")
        }
        try requirePositive(optimizer.maxGradientNorm, "optimizer.maxGradientNorm")
    }

    /// What of the UNet is trained; a fresh adapter starts by the run's one seed.
    public var trainedPart: TrainedPart {
        switch training.parameters {
        case .full: return .network
        case .lora:
            var lora = lora
            lora.seed = seed
            return .lora(lora)
        }
    }

    /// Whether the samplers' log-probabilities are not those that the learner's arithmetic would give.
    public var recomputesOldLogProbabilities: Bool { sampling.precision != .f32 || training.precision != .f32 }
}

/// Refuses a count below 1.
func requirePositive(_ value: Int, _ path: String) throws(ConfigurationError) {
    guard value > 0 else { throw ConfigurationError(path: path, "\(value) is not positive") }
}

/// Refuses a number that is not finite and above 0.
func requirePositive(_ value: Double, _ path: String) throws(ConfigurationError) {
    guard value > 0, value.isFinite else { throw ConfigurationError(path: path, "\(value) is not positive") }
}
