import Encoders
import Foundation
import Menagerie
import NeuralNet
import TensorCore

/// Trains a proxy reward of Menagerie from scratch, on fresh renders: a small network, imperfect on purpose.
public struct RewardTraining: Sendable {
    /// What is trained.
    public enum Kind: String, Codable, CaseIterable, Sendable {
        /// A small CLIP: ``TwoTowerProxy``.
        case twoTower = "two-tower"
        /// A small ImageReward: ``PreferenceProxy``.
        case preference
    }

    /// The recipe; it is written beside the weights.
    public struct Configuration: Codable, Hashable, Sendable {
        public var kind = Kind.twoTower
        /// Channels of the picture tower.
        public var width = 128
        public var layers = 4
        /// Channels of the text tower.
        public var textWidth = 96
        public var textLayers = 2
        public var patchSize = 8
        /// Channels of the space that two towers share.
        public var embedding = 64
        /// What cosines are multiplied by before the softmax.
        public var logitScale = 15.0
        /// Whether the captions of two towers tell numbers and relations at random.
        public var isBlind = true
        /// The share of preferences that are told the wrong way round.
        public var wrongPreferences = 0.2
        public var distribution = Distribution()
        public var steps = 3000
        public var batch = 64
        public var learningRate = 1e-3
        public var warmup = 200
        public var weightDecay = 0.05
        public var averageDecay = 0.998
        public var precision = ComputePrecision.bf16
        public var seed: UInt64 = 1
        public var saveEvery = 250

        public init() {}

        /// The sizes of a picture tower of whatever class.
        func sized<Tower: PatchConfiguration>(_ tower: Tower) -> Tower {
            var tower = sized(tower, width: width, layers: layers)
            (tower.imageSize, tower.patchSize) = (Menagerie.side, patchSize)
            return tower
        }

        /// The sizes of a tower of whatever class, whose heads have 32 channels.
        func sized<Tower: TransformerConfiguration>(_ tower: Tower, width: Int, layers: Int) -> Tower {
            var tower = tower
            (tower.hiddenSize, tower.intermediateSize) = (width, 4 * width)
            (tower.layers, tower.heads) = (layers, width / 32)
            return tower
        }
    }

    public let configuration: Configuration
    /// The model's folder.
    public let folder: URL

    public init(_ configuration: Configuration, folder: URL) {
        (self.configuration, self.folder) = (configuration, folder)
    }

    /// Trains to the last step, or goes on from the state in `folder`; writes the model there.
    ///
    /// - Parameters:
    ///   - base: the base model's folder, whose tokenizer the two towers use.
    ///   - last: the step to stop before; all steps are taken if not given.
    /// - Throws: errors of the files.
    public func run(base: URL, until last: Int? = nil) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = ParameterStore(.random(seed: configuration.seed), precision: configuration.precision)
        let proxy: any ProxyModel =
            switch configuration.kind {
            case .twoTower: try TwoTowerProxy(configuration, store, base: base)
            case .preference: try PreferenceProxy(configuration, store, folder: folder)
            }
        var settings = OptimizerConfiguration()
        settings.weightDecay = configuration.weightDecay
        let optimizer = AdamW(store.parameters, settings)
        let average = MovingAverage(store.parameters, decay: configuration.averageDecay)
        let state = TrainingState(file: folder.appending(path: "training-state.safetensors"))
        let first = try state.restore(parameters: store.parameters, average: average, optimizer: optimizer) ?? 0
        let schedule = LearningRateSchedule(
            peak: configuration.learningRate, warmup: configuration.warmup, total: configuration.steps)
        let log = try LossLog(folder.appending(path: "loss.jsonl"))
        let progress = Progress(total: configuration.steps, firstStep: first)
        var smoothed: Double?
        for step in first..<max(first, last ?? configuration.steps) {
            let loss = try proxy.train(step: step)
            let norm = optimizer.update(learningRate: schedule[step])
            average.update()
            smoothed = 0.98 * (smoothed ?? loss) + 0.02 * loss
            if step % 20 == 0 {
                try log.append(step: step, ["loss": smoothed ?? loss, "gradientNorm": norm])
                progress.show(step, String(format: "loss %.4f", smoothed ?? loss))
            }
            if (step + 1) % configuration.saveEvery == 0 || step + 1 == configuration.steps {
                try state.save(parameters: store.parameters, average: average, optimizer: optimizer)
                let files = ProxyFolder(url: folder)
                try files.write(configuration, "recipe.json")
                try proxy.write(average.values, to: files)
            }
        }
        progress.show(configuration.steps, String(format: "loss %.4f", smoothed ?? 0))
    }
}

/// A proxy reward while it is trained.
protocol ProxyModel {
    /// One forward and backward pass; gradients are left on the parameters.
    ///
    /// - Returns: the loss.
    func train(step: Int) throws -> Double

    /// Writes the model with these weights, in transformers' layout.
    func write(_ weights: [String: Tensor], to folder: ProxyFolder) throws
}
