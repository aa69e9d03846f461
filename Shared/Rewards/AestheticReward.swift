import Autograd
public import Imaging
public import TensorCore

/// LAION's aesthetic predictor: an affine map of CLIP's picture embedding of length 1.
///
/// The prompt does not matter. Schuhmann, "improved-aesthetic-predictor" (2022), whose head has no non-linearity.
public struct AestheticReward: RewardModel {
    public let identity: RewardIdentity
    public var isDifferentiable: Bool { true }
    private let pictures: PictureEmbedder
    private let head: AffineHead

    init(_ identity: RewardIdentity, _ pictures: PictureEmbedder, _ head: AffineHead) {
        (self.identity, self.pictures, self.head) = (identity, pictures, head)
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        precondition(pictures.count == prompts.count, "\(pictures.count) pictures, \(prompts.count) prompts")
        return pictures.isEmpty ? [] : scores(self.pictures(pictures))
    }

    public func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        let leaf = Variable(pixels, requiresGradient: true)
        let embeddings = pictures(leaf)
        let rows = embeddings.value
        let scores = zip(scores(rows), candidates).map { score, prompts in prompts.map { _ in score } }
        return ScoreTape(scores: scores) { weights in
            // The map of a unit vector is its length times a cosine, plus the bias.
            let length = head.weight.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            let unit = UnitVector.of(head.weight)
            var gradient = Tensor(zeros: rows.shape)
            gradient.withUnsafeMutableBuffer { out in
                rows.withUnsafeBuffer { rows in
                    for (row, weights) in weights.enumerated() {
                        UnitVector.addCosineGradient(
                            rows, row: row, unit, weight: length * weights.reduce(0, +), to: out)
                    }
                }
            }
            backward(embeddings, gradient: gradient)
            return leaf.gradient ?? Tensor(zeros: pixels.shape)
        }
    }

    private func scores(_ rows: Tensor) -> [Score] {
        let width = rows.shape[1]
        let scalars = rows.scalars
        let units = (0..<rows.shape[0]).flatMap { UnitVector.of(Array(scalars[$0 * width..<($0 + 1) * width])) }
        return head(Tensor(units, shape: rows.shape)).map {
            $0.isFinite ? .value($0, detail: [:]) : .invalid("the model gives what is not a number")
        }
    }
}
