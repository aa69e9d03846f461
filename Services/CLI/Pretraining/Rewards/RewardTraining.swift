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
        let course = PretrainingLoop.Course(
            steps: configuration.steps, learningRate: configuration.learningRate, warmup: configuration.warmup,
            weightDecay: configuration.weightDecay, averageDecay: configuration.averageDecay,
            saveEvery: configuration.saveEvery)
        try PretrainingLoop(store.parameters, course, folder: folder).run(until: last) { step in
            PretrainingLoop.Reading(loss: try proxy.train(step: step))
        } save: { _ in
            let files = ProxyFolder(url: folder)
            try files.write(configuration, "recipe.json")
            let weights = store.parameters.map { ($0.path, $0.variable.value) }
            try proxy.write(Dictionary(uniqueKeysWithValues: weights), to: files)
        }
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
