import Autograd
import Diffusion
import Foundation
import Imaging
import Menagerie
import NeuralNet
import TensorCore

/// Trains the auto-encoder of Menagerie from scratch on fresh renders.
public struct VAETraining: Sendable {
    /// The recipe; it is written beside the weights.
    public struct Configuration: Codable, Hashable, Sendable {
        public var model = VAEConfiguration.menagerie
        public var steps = 3000
        public var batch = 16
        public var learningRate = 1.5e-3
        public var warmup = 200
        public var averageDecay = 0.999
        /// Weight of the difference of neighbouring pixels, which keeps eyes and stripes from blurring away.
        public var edgeWeight: Float = 1
        public var squareWeight: Float = 1
        public var divergenceWeight: Float = 1e-6
        public var seed: UInt64 = 1
        public var saveEvery = 250

        public init() {}
    }

    public let configuration: Configuration
    public let folder: URL

    public init(_ configuration: Configuration, folder: URL) {
        self.configuration = configuration
        self.folder = folder
    }

    /// Trains to the last step, or goes on from the state in `folder`; writes the model there.
    public func run() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let recipe = JSONEncoder()
        recipe.outputFormatting = [.prettyPrinted, .sortedKeys]
        try recipe.encode(configuration).write(to: folder.appending(path: "recipe.json"), options: .atomic)
        let store = ParameterStore(.random(seed: configuration.seed))
        let vae = try VAE(configuration.model, store.root)
        let course = PretrainingLoop.Course(
            steps: configuration.steps, learningRate: configuration.learningRate, warmup: configuration.warmup,
            averageDecay: configuration.averageDecay, saveEvery: configuration.saveEvery)
        try PretrainingLoop(store.parameters, course, folder: folder).run { step in
            let pictures = (0..<configuration.batch).map { index in
                Menagerie.example(seed: configuration.seed, index: step * configuration.batch + index).picture
            }
            return train(vae, Tensor(pictures: pictures), step: step)
        } save: { steps in
            try save(vae: vae, store: store, step: steps)
        }
    }

    /// One forward and backward pass; gradients are left on the parameters.
    private func train(_ vae: VAE, _ pixels: Tensor, step: Int) -> PretrainingLoop.Reading {
        let posterior = vae.encode(Variable(pixels))
        let noise = Noise(seed: configuration.seed, unit: UInt64(step), purpose: .posterior)
            .gaussian(shape: posterior.mean.shape)
        let latents = posterior.mean.reparameterised(logVariance: posterior.logVariance, noise: noise)
        let output = vae.decode(latents)
        let edges = Variable(Tensor.edgeKernel)
        let targetEdges = pixels.convolved(weight: Tensor.edgeKernel, bias: nil, padding: (1, 1))
        let square = output.meanSquare(pixels)
        let absolute = output.meanAbsolute(pixels)
        let edge = output.convolved(weight: edges, bias: nil, padding: (1, 1)).meanAbsolute(targetEdges)
        let divergence = posterior.mean.divergenceFromStandardNormal(logVariance: posterior.logVariance)
        let one = Tensor([1], shape: [])
        backward([
            (absolute, one), (square, one.scaled(configuration.squareWeight)),
            (edge, one.scaled(configuration.edgeWeight)), (divergence, one.scaled(configuration.divergenceWeight)),
        ])
        let meanSquare = Double(square.value.scalars[0])
        let total =
            Double(absolute.value.scalars[0]) + Double(configuration.squareWeight) * meanSquare
            + Double(configuration.edgeWeight * edge.value.scalars[0])
        return PretrainingLoop.Reading(loss: total, psnr: -10 * log10(meanSquare / 4))
    }

    /// Writes the model with its latents' scale measured, and reconstructions to look at.
    private func save(vae: VAE, store: ParameterStore, step: Int) throws {
        let fresh = (0..<64).map { Menagerie.example(seed: .max, index: $0).picture }
        var means: [Tensor] = []
        var rebuilt: [Picture] = []
        var psnr = 0.0
        for first in stride(from: 0, to: fresh.count, by: 16) {
            let pixels = Tensor(pictures: Array(fresh[first..<first + 16]))
            let mean = vae.encode(Variable(pixels)).mean.detached
            let output = vae.decode(mean).value
            psnr += output.meanSquareDifferences(pixels).reduce(0) { $0 - 10 * log10($1 / 4) }
            means.append(mean.value)
            rebuilt += Picture.pictures(output)
        }
        var configuration = configuration.model
        configuration.scalingFactor = 1 / Tensor.concatenating(means).standardDeviation
        try ModelWriter(folder: folder).write(
            configuration, className: "AutoencoderKL",
            weights: store.parameters.map { ($0.path, $0.variable.value) }, name: "diffusion_pytorch_model")
        let pairs = zip(fresh, rebuilt).prefix(24).flatMap { [$0, $1] }
        try Picture.grid(pairs, columns: 8, padding: 1, scale: 2)
            .writePNG(toFile: folder.appending(path: "reconstructions.png").path)
        let report = String(
            format: "{\"step\":%d,\"psnr\":%.3f,\"scaling_factor\":%.5f}\n", step,
            psnr / Double(fresh.count), configuration.scalingFactor)
        try Data(report.utf8).write(to: folder.appending(path: "evaluation.json"))
    }
}

extension VAEConfiguration {
    /// 64×64×3 to 16×16×4 and back.
    public static var menagerie: VAEConfiguration {
        var configuration = VAEConfiguration()
        configuration.blockOutChannels = [32, 64, 96]
        configuration.layersPerBlock = 1
        configuration.normGroups = 16
        configuration.sampleSize = Menagerie.side
        return configuration
    }
}

extension Tensor {
    /// Differences of neighbouring pixels, right and below, of each of three channels: `[6, 3, 3, 3]`.
    fileprivate static let edgeKernel: Tensor = {
        var kernel = [Float](repeating: 0, count: 6 * 3 * 9)
        for channel in 0..<3 {
            for (direction, neighbour) in [5, 7].enumerated() {
                let at = ((channel * 2 + direction) * 3 + channel) * 9
                kernel[at + 4] = -1
                kernel[at + neighbour] = 1
            }
        }
        return Tensor(kernel, shape: [6, 3, 3, 3])
    }()

    fileprivate var standardDeviation: Double {
        let values = scalars.map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    }
}
