import Imaging
import TensorCore

/// A model whose pictures are scaled by their short side: one that is far too long has no score, because scaled it would fill
/// the memory.
struct ProportionedReward: RewardModel {
    let base: any RewardModel
    var identity: RewardIdentity { base.identity }
    var isDifferentiable: Bool { base.isDifferentiable }
    /// How many times longer than the short side the long side may be.
    private static let limit = 64

    private static func fault(height: Int, width: Int) -> String? {
        guard max(height, width) > limit * min(height, width) else { return nil }
        return "a picture of \(width)x\(height) pixels cannot be scaled for the model: one side is more than \(limit) "
            + "times the other"
    }

    func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        try score(pictures, candidates: prompts.map { [$0] }).map { $0[0] }
    }

    func score(_ pictures: [Picture], candidates: [[String]]) throws -> [[Score]] {
        precondition(pictures.count == candidates.count, "\(pictures.count) pictures, \(candidates.count) lists")
        var scores = zip(pictures, candidates).map { picture, prompts in
            prompts.map { _ in Score.invalid(Self.fault(height: picture.height, width: picture.width) ?? "") }
        }
        let sound = pictures.indices.filter {
            Self.fault(height: pictures[$0].height, width: pictures[$0].width) == nil
        }
        guard !sound.isEmpty else { return scores }
        let found = try base.score(sound.map { pictures[$0] }, candidates: sound.map { candidates[$0] })
        for (index, row) in zip(sound, found) { scores[index] = row }
        return scores
    }

    func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        guard let fault = Self.fault(height: pixels.shape[1], width: pixels.shape[2]) else {
            return try base.tape(pixels, candidates: candidates)
        }
        return ScoreTape(scores: candidates.map { $0.map { _ in .invalid(fault) } }) { _ in
            Tensor(zeros: pixels.shape)
        }
    }
}
