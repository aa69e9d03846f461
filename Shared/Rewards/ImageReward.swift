import Autograd
import Encoders
import Foundation
public import Imaging
public import TensorCore

/// ImageReward: BLIP reads the prompt in the light of the picture, a linear head tells how much people would like the pair.
///
/// Xu et al., "ImageReward: Learning and Evaluating Human Preferences for Text-to-Image Generation" (2023). `@unchecked
/// Sendable`: the text tower's passes go one at a time, under the lock.
public final class ImageReward: RewardModel, @unchecked Sendable {
    public let identity: RewardIdentity
    public var isDifferentiable: Bool { true }
    private let pictures: PictureEmbedder
    private let reader: BERTEncoder
    private let tokenizer: any TextTokenizer
    private let head: AffineHead
    private let truncates: Bool
    /// The most tokens of a prompt.
    private let limit: Int
    private let lock = NSLock()
    /// The most that the original takes.
    private static let originalLimit = 35
    /// The original's mean and deviation of scores.
    private static let mean = 0.16717362830052426
    private static let deviation = 1.0333394966054072
    /// Pairs in one pass, which bounds the memory.
    private static let batch = 32

    init(
        _ identity: RewardIdentity, _ pictures: PictureEmbedder, _ reader: BERTEncoder, _ tokenizer: any TextTokenizer,
        _ head: AffineHead, truncates: Bool
    ) {
        (self.identity, self.pictures, self.reader) = (identity, pictures, reader)
        (self.tokenizer, self.head, self.truncates) = (tokenizer, head, truncates)
        limit = min(Self.originalLimit, reader.configuration.maxPositions)
    }

    /// A picture with a prompt of its list.
    private struct Pair {
        let picture: Int
        let candidate: Int
        let tokens: [Int]
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        precondition(pictures.count == prompts.count, "\(pictures.count) pictures, \(prompts.count) prompts")
        return try score(pictures, candidates: prompts.map { [$0] }).map { $0[0] }
    }

    public func score(_ pictures: [Picture], candidates: [[String]]) throws -> [[Score]] {
        guard !pictures.isEmpty else { return [] }
        var (scores, pairs) = sort(candidates)
        let states = Variable(self.pictures(pictures))
        for group in pairs {
            for start in stride(from: 0, to: group.count, by: Self.batch) {
                let part = Array(group[start..<min(start + Self.batch, group.count)])
                enter(read(part, states).value, of: part, into: &scores)
            }
        }
        return scores
    }

    public func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        var (scores, pairs) = sort(candidates)
        let leaf = Variable(pixels, requiresGradient: true)
        let states = pictures(leaf)
        let rows = pairs.map { read($0, states) }
        for (group, rows) in zip(pairs, rows) { enter(rows.value, of: group, into: &scores) }
        return ScoreTape(scores: scores) { [head] weights in
            backward(
                zip(pairs, rows).map { group, rows in
                    let slopes = group.flatMap { pair in
                        let weight = Float(weights[pair.picture][pair.candidate] / Self.deviation)
                        return head.weight.map { weight * $0 }
                    }
                    return (rows, Tensor(slopes, shape: rows.shape))
                })
            return leaf.gradient ?? Tensor(zeros: pixels.shape)
        }
    }

    /// The pairs in groups of prompts of one length, and a place for each score, with what is invalid in it.
    private func sort(_ candidates: [[String]]) -> (scores: [[Score]], pairs: [[Pair]]) {
        var pairs: [Pair] = []
        let scores = candidates.enumerated().map { picture, prompts in
            prompts.enumerated().map { candidate, prompt -> Score in
                let fault = TextEmbedder.fault(prompt, tokenizer, limit: limit, truncates: truncates)
                if let fault { return .invalid(fault) }
                // Padding is masked in the original, and so left out here.
                let tokens = tokenizer.encodeUnpadded(prompt, length: limit)
                pairs.append(Pair(picture: picture, candidate: candidate, tokens: tokens))
                return .invalid("it was not scored")
            }
        }
        let groups = Dictionary(grouping: pairs, by: \.tokens.count)
        return (scores, groups.sorted { $0.key < $1.key }.map(\.value))
    }

    /// The first token's state of each pair, `[pair, channel]`.
    private func read(_ pairs: [Pair], _ states: Variable) -> Variable {
        let (places, width) = (states.shape[1], states.shape[2])
        let rows = pairs.flatMap { pair in (0..<places).map { pair.picture * places + $0 } }
        let context = states.reshaped([-1, width]).gathering(rows).reshaped([pairs.count, places, width])
        return lock.withLock { reader(BERTEncoder.Input(pairs.map(\.tokens)), context: context).first }
    }

    private func enter(_ rows: Tensor, of pairs: [Pair], into scores: inout [[Score]]) {
        for (pair, value) in zip(pairs, head(rows)) {
            scores[pair.picture][pair.candidate] =
                value.isFinite
                ? .value((value - Self.mean) / Self.deviation, detail: [:])
                : .invalid("the model gives what is not a number")
        }
    }
}
