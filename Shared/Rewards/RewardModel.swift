public import Imaging
public import TensorCore

/// A judge of pictures.
public protocol RewardModel: Sendable {
    /// What is stamped on every score.
    var identity: RewardIdentity { get }

    /// Whether ``tape(_:candidates:)`` works: every score has a derivative by the picture.
    var isDifferentiable: Bool { get }

    /// Scores each picture for its prompt.
    ///
    /// - Parameters:
    ///   - pictures: the pictures, of any size.
    ///   - prompts: as many prompts, in the same order.
    /// - Returns: one score for each picture, in the same order. What is wrong with one picture or prompt is its own
    ///   score and leaves the others alone.
    /// - Throws: only when the model as a whole cannot work.
    func score(_ pictures: [Picture], prompts: [String]) throws -> [Score]

    /// Scores each picture for each of its candidate prompts, as TextNorm needs it.
    ///
    /// A model that encodes pictures and texts apart encodes each picture once.
    func score(_ pictures: [Picture], candidates: [[String]]) throws -> [[Score]]

    /// Scores pictures of floating-point pixels, and keeps what their derivatives need.
    ///
    /// - Parameters:
    ///   - pixels: `[picture, height, width, 3]`, 0 (black) to 1 (white).
    ///   - candidates: of each picture the prompts it is scored for.
    /// - Returns: the scores, of which the derivatives can be taken.
    /// - Throws: only when the model as a whole cannot work.
    /// - Precondition: `isDifferentiable`.
    func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape
}

/// Scores whose derivatives by the pictures can still be taken.
///
/// Not `Sendable`: it holds the activations of a model and is used where it was made.
public struct ScoreTape {
    /// Of each picture the scores for its candidate prompts.
    public let scores: [[Score]]
    private let pullback: ([[Double]]) -> Tensor

    /// - Parameters:
    ///   - scores: of each picture the scores for its candidates.
    ///   - pullback: what ``gradient(_:)`` gives; it is called at most once.
    public init(scores: [[Score]], pullback: @escaping ([[Double]]) -> Tensor) {
        (self.scores, self.pullback) = (scores, pullback)
    }

    /// The derivative of `Σ weights[picture][candidate] · score` by the pixels, `[picture, height, width, 3]`.
    ///
    /// - Precondition: called at most once; the weight of what is no number is 0.
    public func gradient(_ weights: [[Double]]) -> Tensor { pullback(weights) }
}

extension RewardModel {
    public var isDifferentiable: Bool { false }

    public func score(_ pictures: [Picture], candidates: [[String]]) throws -> [[Score]] {
        precondition(pictures.count == candidates.count, "\(pictures.count) pictures, \(candidates.count) lists")
        var repeated: [Picture] = []
        for (picture, prompts) in zip(pictures, candidates) { repeated += prompts.map { _ in picture } }
        let flat = try score(repeated, prompts: candidates.flatMap(\.self))
        var at = 0
        return candidates.map { prompts in
            defer { at += prompts.count }
            return Array(flat[at..<at + prompts.count])
        }
    }

    public func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        preconditionFailure("\(identity.id) has no derivative")
    }

    /// Scores each picture for its prompt, with the derivative of each score by its own picture.
    ///
    /// - Parameters:
    ///   - pixels: `[picture, height, width, 3]`, 0 (black) to 1 (white).
    ///   - prompts: one for each picture.
    /// - Returns: the scores, and their derivatives in the shape of `pixels`: not a number where there is no score.
    /// - Throws: only when the model as a whole cannot work.
    /// - Precondition: `isDifferentiable`.
    public func scoreWithGradient(_ pixels: Tensor, prompts: [String]) throws -> (scores: [Score], gradient: Tensor) {
        precondition(pixels.shape.count == 4 && pixels.shape[0] == prompts.count, "pictures of shape \(pixels.shape)")
        let faults = (0..<prompts.count).map { PixelTensor.fault(pixels[rows: $0..<$0 + 1]) }
        let sound = faults.indices.filter { faults[$0] == nil }
        var scores = faults.map { Score.invalid($0 ?? "") }
        var gradients = prompts.map { _ in Tensor(repeating: .nan, shape: [1] + pixels.shape.dropFirst()) }
        if !sound.isEmpty {
            let kept = Tensor.concatenating(sound.map { pixels[rows: $0..<$0 + 1] })
            let tape = try tape(kept, candidates: sound.map { [prompts[$0]] })
            let gradient = tape.gradient(tape.scores.map { $0.map { $0.value == nil ? 0 : 1 } })
            for (row, index) in sound.enumerated() {
                scores[index] = tape.scores[row][0]
                if scores[index].value != nil { gradients[index] = gradient[rows: row..<row + 1] }
            }
        }
        return (scores, Tensor.concatenating(gradients))
    }
}
