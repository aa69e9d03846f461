import Autograd
public import Imaging
public import TensorCore

/// How near a picture is to its prompt in the space that two towers share: CLIP score, PickScore, HPS, ALIGN.
///
/// Each picture is encoded once for all its prompts, and each prompt once for good.
public struct TwoTowerReward: RewardModel {
    public let identity: RewardIdentity
    public var isDifferentiable: Bool { true }
    private let pictures: PictureEmbedder
    private let texts: TextEmbedder
    private let scale: CosineScale

    init(_ identity: RewardIdentity, _ pictures: PictureEmbedder, _ texts: TextEmbedder, _ scale: CosineScale) {
        (self.identity, self.pictures, self.texts, self.scale) = (identity, pictures, texts, scale)
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        precondition(pictures.count == prompts.count, "\(pictures.count) pictures, \(prompts.count) prompts")
        return try score(pictures, candidates: prompts.map { [$0] }).map { $0[0] }
    }

    public func score(_ pictures: [Picture], candidates: [[String]]) throws -> [[Score]] {
        guard !pictures.isEmpty else { return [] }
        return scores(self.pictures(pictures), candidates, vectors(candidates))
    }

    public func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        let leaf = Variable(pixels, requiresGradient: true)
        let embeddings = pictures(leaf)
        let vectors = vectors(candidates)
        let rows = embeddings.value
        return ScoreTape(scores: scores(rows, candidates, vectors)) { weights in
            var gradient = Tensor(zeros: rows.shape)
            gradient.withUnsafeMutableBuffer { out in
                rows.withUnsafeBuffer { rows in
                    for (row, prompts) in candidates.enumerated() {
                        for (prompt, weight) in zip(prompts, weights[row]) where weight != 0 {
                            guard let vector = vectors[prompt] else { continue }
                            let slope = scale.slope(at: UnitVector.cosine(rows, row: row, vector))
                            UnitVector.addCosineGradient(rows, row: row, vector, weight: weight * slope, to: out)
                        }
                    }
                }
            }
            backward(embeddings, gradient: gradient)
            return leaf.gradient ?? Tensor(zeros: pixels.shape)
        }
    }

    /// The vectors of all prompts without fault.
    private func vectors(_ candidates: [[String]]) -> [String: [Float]] {
        texts(Set(candidates.flatMap(\.self)).filter { texts.fault($0) == nil })
    }

    private func scores(_ rows: Tensor, _ candidates: [[String]], _ vectors: [String: [Float]]) -> [[Score]] {
        rows.withUnsafeBuffer { buffer in
            candidates.enumerated().map { row, prompts in
                prompts.map { prompt in
                    guard let vector = vectors[prompt] else {
                        return .invalid(texts.fault(prompt) ?? "the prompt has no embedding")
                    }
                    return scale.score(UnitVector.cosine(buffer, row: row, vector))
                }
            }
        }
    }
}

/// What a cosine becomes as a score: `offset + factor · cos`, at least `least`.
struct CosineScale: Hashable, Sendable {
    var factor = 1.0
    var offset = 0.0
    var least = -Double.infinity

    func score(_ cosine: Double) -> Score {
        guard cosine.isFinite else { return .invalid("the model gives what is not a number") }
        return .value(max(offset + factor * cosine, least), detail: ["cosine": cosine])
    }

    /// The derivative by the cosine.
    func slope(at cosine: Double) -> Double { offset + factor * cosine < least ? 0 : factor }
}
