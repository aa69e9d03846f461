import Diffusion
import RL
import TensorCore
import Yams

/// A key that holds one of a few words.
struct Choice {
    private let path: [String]
    /// All that the key can be read from.
    private let words: [String]
    /// Those that are offered to who wrote another word.
    private let offered: [String]

    private init<Value: CaseIterable & RawRepresentable<String>>(
        _ path: String..., of _: Value.Type, where isOffered: (Value) -> Bool = { _ in true }
    ) {
        self.path = path
        words = Value.allCases.map(\.rawValue)
        offered = Value.allCases.filter(isOffered).map(\.rawValue)
    }

    private static let all = [
        Choice("algorithm", "klForm", of: DivergencePenalty.Form.self),
        Choice("algorithm", "normalization", of: DDPO.Normalization.self),
        Choice("algorithm", "truncation", of: Truncation.self),
        Choice("sampling", "scheduler", of: SamplingMethod.self, where: \.isTrainable),
        Choice("sampling", "precision", of: ComputePrecision.self),
        Choice("training", "parameters", of: TrainingConfiguration.Parameters.self),
        Choice("training", "recompute", of: TrainingConfiguration.Recomputation.self),
        Choice("training", "precision", of: ComputePrecision.self),
        Choice("validation", "selection", of: ValidationConfiguration.Selection.self),
        Choice("checkpoints", "gridScheduler", of: SamplingMethod.self),
    ]

    /// Refuses another word under such a key of a configuration; the decoder's own error would not say which there are.
    ///
    /// - Throws: `ConfigurationError` that lists them.
    static func check(_ tree: Node) throws(ConfigurationError) {
        for choice in all {
            let node = choice.path.reduce(tree as Node?) { $0?.mapping?[Node($1)] }
            guard let node, node.null == nil, let word = node.string, !choice.words.contains(word) else { continue }
            throw ConfigurationError(
                path: choice.path.joined(separator: "."),
                "'\(word)' is not one of \(choice.offered.joined(separator: ", "))")
        }
    }
}
