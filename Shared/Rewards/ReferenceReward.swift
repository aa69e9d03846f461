import Autograd
public import Imaging
public import TensorCore

/// How near a picture is to reference pictures of a subject: the mean cosine of their embeddings, as DINO and CLIP-I measure it.
///
/// Ruiz et al., "DreamBooth" (2023), section 4.2. The prompt does not matter.
public struct ReferenceReward: RewardModel {
    public let identity: RewardIdentity
    public var isDifferentiable: Bool { true }
    private let pictures: PictureEmbedder
    private let references: [[Float]]
    private let scale: CosineScale

    /// - Precondition: there is at least one reference.
    init(_ identity: RewardIdentity, _ pictures: PictureEmbedder, references: [Picture], _ scale: CosineScale) {
        precondition(!references.isEmpty, "no reference picture")
        (self.identity, self.pictures, self.scale) = (identity, pictures, scale)
        let rows = pictures(references)
        let width = rows.shape[1]
        let scalars = rows.scalars
        self.references = references.indices.map { UnitVector.of(Array(scalars[$0 * width..<($0 + 1) * width])) }
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        precondition(pictures.count == prompts.count, "\(pictures.count) pictures, \(prompts.count) prompts")
        guard !pictures.isEmpty else { return [] }
        let rows = self.pictures(pictures)
        return pictures.indices.map { score(rows, $0) }
    }

    public func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        let leaf = Variable(pixels, requiresGradient: true)
        let embeddings = pictures(leaf)
        let rows = embeddings.value
        let scores = candidates.enumerated().map { row, prompts in
            let score = score(rows, row)
            return prompts.map { _ in score }
        }
        return ScoreTape(scores: scores) { weights in
            var gradient = Tensor(zeros: rows.shape)
            gradient.withUnsafeMutableBuffer { out in
                rows.withUnsafeBuffer { rows in
                    for (row, weights) in weights.enumerated() {
                        let slope = scale.slope(at: mean(rows, row)) * weights.reduce(0, +) / Double(references.count)
                        for reference in references {
                            UnitVector.addCosineGradient(rows, row: row, reference, weight: slope, to: out)
                        }
                    }
                }
            }
            backward(embeddings, gradient: gradient)
            return leaf.gradient ?? Tensor(zeros: pixels.shape)
        }
    }

    private func score(_ rows: Tensor, _ row: Int) -> Score { rows.withUnsafeBuffer { scale.score(mean($0, row)) } }

    private func mean(_ rows: UnsafeBufferPointer<Float>, _ row: Int) -> Double {
        references.reduce(0) { $0 + UnitVector.cosine(rows, row: row, $1) } / Double(references.count)
    }
}
