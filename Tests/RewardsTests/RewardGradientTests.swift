import Imaging
import Rewards
import TensorCore
import Testing

/// The derivatives of rewards against central differences.
struct RewardGradientTests {
    @Test(arguments: ["brightness", "smoothness"])
    func aDerivativeIsThatOfTheScore(_ specification: String) throws {
        let model = try RewardConfiguration(specification).makeModel()
        try #require(model.isDifferentiable)
        try expectDerivative(of: model, Self.pixels(pictures: 2, side: 7), prompts: ["a dog", "a cat"])
    }

    @Test func aWrongPixelMakesItsOwnPictureInvalid() throws {
        var pixels = Self.pixels(pictures: 3, side: 4)
        pixels.withUnsafeMutableBuffer { $0[50] = .nan }
        let (scores, gradient) = try PixelReward(.smoothness).scoreWithGradient(pixels, prompts: ["", "", ""])
        #expect(scores[1] == .invalid("a pixel is nan; pixels are 0 (black) to 1 (white)"))
        #expect(gradient[rows: 1..<2].scalars.allSatisfy { $0.isNaN })
        let alone = try PixelReward(.smoothness).scoreWithGradient(pixels[rows: 2..<3], prompts: [""])
        #expect(scores[2] == alone.scores[0])
        #expect(gradient[rows: 2..<3].scalars == alone.gradient.scalars)
    }

    @Test func aPictureOfBytesScoresAsItsPixelsDo() throws {
        let picture = Picture(width: 2, height: 1, pixels: [0, 0, 0, 255, 255, 255])
        #expect(try PixelReward(.brightness).score([picture], prompts: [""]) == [.value(0.5, detail: [:])])
        #expect(try PixelReward(.smoothness).score([picture], prompts: [""]) == [.value(-1, detail: [:])])
    }

    /// Random pixels, far enough from black and white for differences.
    static func pixels(pictures: Int, side: Int) -> Tensor {
        let values = Noise(seed: 5, purpose: .experiment).uniform(shape: [pictures, side, side, 3]).scalars
        return Tensor(values.map { 0.1 + 0.8 * $0 }, shape: [pictures, side, side, 3])
    }
}

/// Expects the derivatives of a model's scores to be those of central differences, along random directions.
///
/// A direction has all pixels of one picture, so that the difference of scores is large against their rounding.
func expectDerivative(
    of model: any RewardModel, _ pixels: Tensor, prompts: [String], step: Float = 1e-2, tolerance: Double = 2e-3,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let gradient = try model.scoreWithGradient(pixels, prompts: prompts).gradient
    #expect(gradient.shape == pixels.shape, sourceLocation: sourceLocation)
    let size = pixels.count / prompts.count
    for index in 0..<4 {
        let direction = Noise(seed: 6, step: index, purpose: .experiment).gaussian(shape: [size]).scalars
        func scores(_ steps: Float) throws -> [Double] {
            var moved = pixels
            moved.withUnsafeMutableBuffer { buffer in
                for at in buffer.indices { buffer[at] += steps * step * direction[at % size] / 4 }
            }
            let tape = try model.tape(moved, candidates: prompts.map { [$0] })
            return try tape.scores.map { try #require($0[0].value) }
        }
        let (up, down) = (try scores(1), try scores(-1))
        for picture in prompts.indices {
            let slope = gradient[rows: picture..<picture + 1].scalars
            let along = zip(slope, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            let length = slope.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            let difference = (up[picture] - down[picture]) / (2 * Double(step) / 4)
            #expect(
                abs(along - difference) <= tolerance * max(length, 1e-6),
                "\(model.identity.id), picture \(picture): \(along), not \(difference); the gradient's length is \(length)",
                sourceLocation: sourceLocation)
        }
    }
}
