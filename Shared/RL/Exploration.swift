import TensorCore

/// DiffExp: how pictures are drawn that explore more than the policy alone would.
///
/// Chae et al., "DiffExp: Efficient Exploration in Reward Fine-tuning for Text-to-Image Diffusion Models" (2025). Only the
/// sampling changes; what was drawn is trained under the same guidance and the same weights, so that ratios start at 1. The
/// paper leaves open how prompts are cut into phrases and how low the low guidance is: ``phrases(of:)`` and ``earlyGuidance``
/// are our choices.
public struct Exploration: Codable, Hashable, Sendable {
    /// Share of the rounds, the first ones, in which pictures are drawn so; 0 is none, DiffExp's is 0.75.
    public var share = 0.0
    /// The guidance scale w_l of the noisiest steps; 1 is the prompt without guidance, 0 no prompt at all.
    public var earlyGuidance = 1.0
    /// The timestep t_thres above which `earlyGuidance` holds; the paper shows 900, 800 and 700 of 1000.
    public var threshold = 900.0
    /// The largest weight of a phrase: each is drawn from U(1, this) for every picture; 1 weighs none.
    public var phraseWeight = 1.2

    public init() {}

    public init(earlyGuidance: Double, threshold: Double, phraseWeight: Double) {
        (self.earlyGuidance, self.threshold, self.phraseWeight) = (earlyGuidance, threshold, phraseWeight)
    }

    /// Whether a round's pictures are drawn so, of `rounds` in all.
    public func isActive(inRound round: Int, of rounds: Int) -> Bool {
        Double(round) < share * Double(rounds)
    }

    /// The phrases of a prompt: what stands between its function words.
    ///
    /// "a dog on the moon" has "dog" and "moon", "a dolphin riding a bike" has "dolphin riding" and "bike".
    public static func phrases(of prompt: String) -> [String] {
        let words = prompt.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        let runs = words.split { functionWords.contains($0.lowercased()) }
        var phrases: [String] = []
        for phrase in runs.map({ $0.joined(separator: " ") }) where !phrases.contains(phrase) {
            phrases.append(phrase)
        }
        return phrases
    }

    private static let functionWords: Set<String> = [
        "a", "an", "the", "and", "or", "of", "in", "on", "at", "to", "by", "for", "from", "with", "into", "under",
        "over",
        "is", "are", "its", "their",
    ]

    /// The weight of each phrase of a picture's prompt: a function of the run's seed, the unit and the sample, so that
    /// sampler and learner need not tell each other.
    public func weights(prompt: String, seed: UInt64, unit: UInt64, sample: Int) -> [(phrase: String, weight: Double)] {
        guard phraseWeight > 1 else { return [] }
        var draw = Noise(seed: seed, unit: unit, sample: sample, purpose: .phraseWeight).makeGenerator()
        return Self.phrases(of: prompt).map { ($0, Double.random(in: 1...phraseWeight, using: &draw)) }
    }
}
