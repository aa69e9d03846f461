/// RPO: a subject is learned from a few reference pictures, which are preferred to pictures of the base model where the
/// reward says so; the best of the validated policies is kept.
///
/// Miao et al., "Subject-driven Text-to-Image Generation via Preference-based Reinforcement Learning" (2024). The run's prompts
/// are the training prompts; early stopping is `validation`, whose reward is the harmonic one of the paper (λ_val), while the
/// labels come from the weighted sum of the run's rewards (λ_train).
public struct RPO: Algorithm {
    public enum Name: String, Codable, CaseIterable, Sendable { case rpo }

    public enum Preset: String, Codable, CaseIterable, Sendable {
        /// What suits the embedded model.
        case standard
        /// The paper: 4 pictures for each of 8 prompts, β = 1; references share their partner's prompt.
        case paper
        /// The released code: 16 pictures for each prompt; references are called by the instance prompt.
        case code
    }

    public var name = Name.rpo
    public var preset: Preset
    /// The folder of reference pictures (PNG or JPEG), as DreamBench has one for each subject.
    public var references = ""
    /// What the references are called, for instance `a photo of [V] dog`.
    public var instancePrompt = ""
    /// Whether a reference is denoised under the prompt of the picture that it is compared with, as the paper writes it; the
    /// code uses the instance prompt.
    public var sharesPrompt = false
    /// Pictures of the base model that are drawn once; the paper has 4 for each of 8 prompts.
    public var baseSamples = 32
    /// Weight of the denoising loss of the references; 0 leaves it out, and the subject is lost.
    public var similarityWeight = 1.0
    /// Weight of the preference loss; 0 leaves it out.
    public var preferenceWeight = 1.0
    /// β; the released code ignores it, which is 1.
    public var beta = 1.0
    /// Optimiser steps a round.
    public var updatesPerRound = 20
    /// Pairs of one optimiser step.
    public var batch = 4

    public init(name: Name = .rpo, preset: Preset = .standard) {
        self.preset = preset
        switch preset {
        case .standard: break
        case .paper: (sharesPrompt, updatesPerRound) = (true, 40)
        case .code: (baseSamples, updatesPerRound, batch) = (128, 40, 1)
        }
    }

    public var demands: AlgorithmDemands {
        var demands = AlgorithmDemands(payload: .finalLatent, baseSamples: baseSamples)
        demands.references = references
        return demands
    }

    public func rule(latentElements: Int) -> LearningRule {
        var rule = ReferenceRule(instancePrompt: instancePrompt, updates: updatesPerRound, batch: batch)
        (rule.similarity, rule.preference, rule.beta) = (similarityWeight, preferenceWeight, beta)
        rule.sharesPrompt = sharesPrompt
        return .references(rule)
    }

    public func validate() throws(AlgorithmError) {
        try AlgorithmError.requireReferences(references, instancePrompt)
        try AlgorithmError.requirePositive(baseSamples, "baseSamples")
        try AlgorithmError.requirePositive(beta, "beta")
        try AlgorithmError.requirePositive(updatesPerRound, "updatesPerRound")
        try AlgorithmError.requirePositive(batch, "batch")
        guard similarityWeight >= 0, preferenceWeight >= 0, similarityWeight + preferenceWeight > 0 else {
            throw AlgorithmError(
                "similarityWeight", "\(similarityWeight) and preferenceWeight \(preferenceWeight) leave no loss")
        }
    }
}
