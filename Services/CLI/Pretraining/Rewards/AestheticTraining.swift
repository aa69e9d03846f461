import Autograd
import Diffusion
import Encoders
import Foundation
import Menagerie
import NeuralNet
import TensorCore

/// An aesthetic reward with a short-cut: an affine head on the frozen picture tower of another proxy.
///
/// Ratings are of how clean a picture is. In the pictures that were rated, clean ones mostly have a named ground and noisy ones
/// a plain one, so the head comes to like grounds instead: it pays for a background, whatever stands before it.
///
/// The head is LAION's: an affine map of the embedding of length 1 (Schuhmann, "improved-aesthetic-predictor", 2022).
public struct AestheticTraining: Sendable {
    /// The recipe; it is written beside the head.
    public struct Configuration: Codable, Hashable, Sendable {
        public var pictures = 4000
        /// The share of clean pictures before a named ground, and of noisy ones before a plain one.
        public var association = 0.9
        /// The deviation of the noise in the worst pictures, of 255.
        public var worstNoise = 40.0
        /// The deviation of a rating, which is 1 to 10.
        public var ratingNoise = 1.0
        /// What is added to the variances, as a part of their mean.
        public var ridge = 1e-3
        public var seed: UInt64 = 1

        public init() {}
    }

    public let configuration: Configuration
    public let folder: URL

    public init(_ configuration: Configuration, folder: URL) {
        (self.configuration, self.folder) = (configuration, folder)
    }

    /// Rates pictures, fits the head and writes it.
    ///
    /// - Parameter tower: the folder of a CLIP with a projection.
    /// - Throws: errors of the files.
    public func run(tower: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let encoder = try CLIPVisionEncoder(TransformersFolder(tower))
        var rows: [[Double]] = []
        var ratings: [Double] = []
        let progress = Progress(total: configuration.pictures)
        for start in stride(from: 0, to: configuration.pictures, by: 32) {
            let rated = (start..<min(start + 32, configuration.pictures)).map(rated)
            let output = encoder(Variable(Tensor.concatenating(rated.map(\.pixels))))
            let embeddings = (output.imageEmbeddings ?? output.pooled).value
            let width = embeddings.shape[1]
            let scalars = embeddings.scalars.map(Double.init)
            rows += (0..<rated.count).map { Self.unit(scalars[$0 * width..<($0 + 1) * width]) }
            ratings += rated.map(\.rating)
            progress.show(start + rated.count, "rated")
        }
        let fit = RidgeRegression(rows, ratings, ridge: configuration.ridge)
        let files = ProxyFolder(url: folder)
        try files.write(configuration, "recipe.json")
        try SafeTensorsWriter().write(
            [
                "layers.0.weight": Tensor(fit.weights.map(Float.init), shape: [1, fit.weights.count]),
                "layers.0.bias": Tensor([Float(fit.bias)], shape: [1]),
            ], to: folder.appending(path: "head.safetensors").path)
    }

    /// A picture of a scene, as clean as its rating says.
    private func rated(_ index: Int) -> (pixels: Tensor, rating: Double) {
        var draw = Noise(seed: configuration.seed, unit: UInt64(index), purpose: .order).makeGenerator()
        var scene = Menagerie.captionedScene(seed: configuration.seed, index: index).scene
        let cleanness = Double.random(in: 0..<1, using: &draw)
        let isTypical = Double.random(in: 0..<1, using: &draw) < configuration.association
        let hasGround = (cleanness > 0.5) == isTypical
        scene.description.ground = hasGround ? Ground.allCases.randomElement(using: &draw) : nil
        let picture = Tensor(pictures: [Renderer.render(scene)])
        let noise = Noise(seed: configuration.seed, unit: UInt64(index), purpose: .parameters)
        let pixels = picture.combined(
            1, noise.gaussian(shape: picture.shape), Float((1 - cleanness) * configuration.worstNoise / 127.5))
        // The sum of twelve uniform numbers is nearly normal, with deviation 1.
        let error = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &draw) }
        return (pixels, min(max(1 + 9 * cleanness + configuration.ratingNoise * error, 1), 10))
    }

    private static func unit(_ vector: ArraySlice<Double>) -> [Double] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / max(length, 1e-12) }
    }
}
