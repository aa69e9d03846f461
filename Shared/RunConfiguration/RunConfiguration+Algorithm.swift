import RL

extension RunConfiguration {
    /// Refuses an algorithm that makes no sense, alone or beside the other settings; each line says what to change.
    func validateAlgorithm() throws(ConfigurationError) {
        do {
            try algorithm.algorithm.validate()
        } catch {
            throw ConfigurationError(path: "algorithm.\(error.key)", error.message)
        }
        let demands = algorithm.demands
        guard sampling.eta > 0 || !demands.needsNoise else {
            throw ConfigurationError(
                path: "sampling.eta",
                "\(algorithm.name) learns from the probability of noisy steps, and η = 0 draws without noise: set "
                    + "sampling.eta to 1")
        }
        let kept: (steps: Int, key: String)? =
            switch algorithm.algorithm.rule(latentElements: 1) {
            case .trajectories(let rule): rule.trainedSteps.map { ($0, "trainedSteps") }
            case .rewardGradient(let rule) where rule.truncation == .fixed: (rule.keptSteps, "keptSteps")
            case .rewardGradient, .denoising, .references: nil
            }
        if let kept, kept.steps > sampling.steps {
            throw ConfigurationError(
                path: "algorithm.\(kept.key)",
                "\(kept.steps) steps cannot be trained of \(sampling.steps) that are drawn: lower it, or raise "
                    + "sampling.steps")
        }
        guard demands.baseSamples.isMultiple(of: sampling.samplesPerUnit) else {
            throw ConfigurationError(
                path: "algorithm.baseSamples",
                "\(demands.baseSamples) is not a multiple of sampling.samplesPerUnit \(sampling.samplesPerUnit)")
        }
        if demands.needsRewardGradient { try validateDerivatives() }
        try validateExploration(demands)
    }

    private func validateDerivatives() throws(ConfigurationError) {
        for (index, reward) in rewards.enumerated() where reward.weight != 0 && reward.isDifferentiable == false {
            throw ConfigurationError(
                path: "rewards.\(index).spec",
                "\(algorithm.name) needs rewards that say how they change with the picture, and '\(reward.spec)' does not: take "
                    + "another reward (brightness, smoothness), weight 0, or another algorithm (ddpo-is, dpok)")
        }
    }

    private func validateExploration(_ demands: AlgorithmDemands) throws(ConfigurationError) {
        guard (0...1).contains(exploration.share) else {
            throw ConfigurationError(path: "exploration.share", "\(exploration.share) is no share from 0 to 1")
        }
        guard exploration.earlyGuidance.isFinite, exploration.earlyGuidance >= 0 else {
            throw ConfigurationError(
                path: "exploration.earlyGuidance", "\(exploration.earlyGuidance) is not a guidance scale")
        }
        guard (0...1000).contains(exploration.threshold) else {
            throw ConfigurationError(
                path: "exploration.threshold", "\(exploration.threshold) is no timestep from 0 to 1000")
        }
        guard exploration.phraseWeight.isFinite, exploration.phraseWeight >= 1 else {
            throw ConfigurationError(
                path: "exploration.phraseWeight", "\(exploration.phraseWeight) is below 1, which weighs no phrase")
        }
        guard exploration.share == 0 || demands.payload == .trajectory else {
            throw ConfigurationError(
                path: "exploration.share",
                "\(algorithm.name) does not learn from trajectories, so it does not explore: set exploration.share to 0"
            )
        }
    }

    /// How the pictures of a round are explored, if they are.
    public func exploration(ofRound round: Int) -> Exploration? {
        exploration.isActive(inRound: round, of: rounds) ? exploration : nil
    }
}
