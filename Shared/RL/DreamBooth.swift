/// DreamBooth: a subject is learned by denoising its reference pictures, beside pictures of its class that the base model
/// drew, so that the class is not forgotten.
///
/// Ruiz et al., "DreamBooth: Fine Tuning Text-to-Image Diffusion Models for Subject-Driven Generation" (2023), as RPO's baseline.
/// The run's prompts are the class prompts. The text encoder stays as it is.
public struct DreamBooth: Algorithm {
    public enum Name: String, Codable, CaseIterable, Sendable { case dreamBooth = "dreambooth" }

    public enum Preset: String, Codable, CaseIterable, Sendable {
        /// What suits the embedded model.
        case standard
        /// 1000 pictures of the class, one pair a step.
        case paper
    }

    public var name = Name.dreamBooth
    public var preset: Preset
    /// The folder of reference pictures (PNG or JPEG).
    public var references = ""
    /// What the references are called, for instance `a photo of [V] dog`.
    public var instancePrompt = ""
    /// λ_p, the weight of the class; 0 leaves prior preservation out.
    public var priorWeight = 1.0
    /// Pictures of the class, drawn once by the base model.
    public var baseSamples = 64
    /// Optimiser steps a round.
    public var updatesPerRound = 20
    /// Pairs of one optimiser step.
    public var batch = 4

    public init(name: Name = .dreamBooth, preset: Preset = .standard) {
        self.preset = preset
        if preset == .paper { (baseSamples, batch, updatesPerRound) = (1000, 1, 50) }
    }

    public var demands: AlgorithmDemands {
        var demands = AlgorithmDemands(payload: .finalLatent, baseSamples: baseSamples)
        demands.references = references
        return demands
    }

    public func rule(latentElements: Int) -> LearningRule {
        var rule = ReferenceRule(instancePrompt: instancePrompt, updates: updatesPerRound, batch: batch)
        rule.prior = priorWeight
        return .references(rule)
    }

    public func validate() throws(AlgorithmError) {
        try AlgorithmError.requireReferences(references, instancePrompt)
        try AlgorithmError.requirePositive(baseSamples, "baseSamples")
        try AlgorithmError.requirePositive(updatesPerRound, "updatesPerRound")
        try AlgorithmError.requirePositive(batch, "batch")
        guard priorWeight >= 0, priorWeight.isFinite else {
            throw AlgorithmError("priorWeight", "\(priorWeight) is no weight; 0 leaves the class out")
        }
    }
}
