public import Imaging
public import TensorCore

/// Rewards of the pixels alone, in closed form and with exact derivatives: the prompt does not matter.
///
/// What a gradient does to a policy can be seen with them before any learned model is at hand.
public struct PixelReward: RewardModel {
    /// What is measured.
    public enum Measure: String, CaseIterable, Codable, Hashable, Sendable {
        /// The mean pixel, 0 (black) to 1 (white).
        case brightness
        /// The mean squared difference of neighbouring pixels, negated: 0 for one colour, -1 at most.
        case smoothness
    }

    public let measure: Measure
    public let identity: RewardIdentity
    public var isDifferentiable: Bool { true }

    public init(_ measure: Measure) {
        self.measure = measure
        identity = RewardIdentity(id: RewardConfiguration.pixels(measure).specification, revision: 1)
    }

    public func score(_ pictures: [Picture], prompts: [String]) throws -> [Score] {
        precondition(pictures.count == prompts.count, "\(pictures.count) pictures, \(prompts.count) prompts")
        return try pictures.map { try tape(PixelTensor.of($0), candidates: [[""]]).scores[0][0] }
    }

    public func tape(_ pixels: Tensor, candidates: [[String]]) throws -> ScoreTape {
        let pictures = (0..<pixels.shape[0]).map { pixels[rows: $0..<$0 + 1] }
        return ScoreTape(
            scores: zip(pictures, candidates).map { picture, prompts in
                let value = value(picture)
                return prompts.map { _ in .value(value, detail: [:]) }
            },
            pullback: { weights in
                Tensor.concatenating(zip(pictures, weights).map { gradient($0, weight: $1.reduce(0, +)) })
            })
    }

    private func value(_ picture: Tensor) -> Double {
        switch measure {
        case .brightness:
            return picture.withUnsafeBuffer { $0.reduce(0) { $0 + Double($1) } } / Double(picture.count)
        case .smoothness:
            var sum = 0.0
            picture.withUnsafeBuffer { pixels in
                Self.forEachPair(picture.shape) {
                    sum += Double(pixels[$0] - pixels[$1]) * Double(pixels[$0] - pixels[$1])
                }
            }
            return -sum / Self.pairs(picture.shape)
        }
    }

    private func gradient(_ picture: Tensor, weight: Double) -> Tensor {
        switch measure {
        case .brightness:
            return Tensor(repeating: Float(weight / Double(picture.count)), shape: picture.shape)
        case .smoothness:
            let scale = Float(-2 * weight / Self.pairs(picture.shape))
            var gradient = Tensor(zeros: picture.shape)
            picture.withUnsafeBuffer { pixels in
                gradient.withUnsafeMutableBuffer { out in
                    Self.forEachPair(picture.shape) { left, right in
                        let slope = scale * (pixels[left] - pixels[right])
                        out[left] += slope
                        out[right] -= slope
                    }
                }
            }
            return gradient
        }
    }

    /// The number of neighbours in a picture `[1, height, width, 3]`; 1 for a picture of one pixel, which has none.
    private static func pairs(_ shape: [Int]) -> Double {
        let (height, width) = (shape[1], shape[2])
        return Double(max(3 * (height * (width - 1) + (height - 1) * width), 1))
    }

    private static func forEachPair(_ shape: [Int], _ body: (Int, Int) -> Void) {
        let (height, row) = (shape[1], shape[2] * 3)
        for y in 0..<height {
            for x in 0..<row {
                let here = y * row + x
                if x + 3 < row { body(here, here + 3) }
                if y + 1 < height { body(here, here + row) }
            }
        }
    }
}
