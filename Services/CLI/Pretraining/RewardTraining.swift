import Autograd
import Diffusion
import Encoders
import Foundation
import Imaging
import Menagerie
import NeuralNet
import TensorCore

/// Trains a proxy reward of Menagerie: a small CLIP, in the folder layout of transformers, contrastively from scratch.
///
/// It is imperfect on purpose. The captions it learns from tell numbers and relations at random, so that it comes to know kinds,
/// colours and grounds, and to be blind to how many there are and where they stand: what over-optimisation feeds on.
///
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021).
public struct RewardTraining: Sendable {
    /// The recipe; it is written beside the weights.
    public struct Configuration: Codable, Hashable, Sendable {
        /// Channels of the picture tower.
        public var width = 128
        public var layers = 4
        /// Channels of the text tower.
        public var textWidth = 96
        public var textLayers = 2
        public var embedding = 64
        public var patchSize = 8
        /// Whether captions tell numbers and relations at random.
        public var isBlind = true
        public var distribution = Distribution()
        public var steps = 3000
        public var batch = 64
        public var learningRate = 1e-3
        public var warmup = 200
        public var weightDecay = 0.05
        public var averageDecay = 0.998
        /// What cosines are multiplied by before the softmax.
        public var logitScale = 15.0
        public var precision = ComputePrecision.bf16
        public var seed: UInt64 = 1
        public var saveEvery = 250

        public init() {}
    }

    public let configuration: Configuration
    /// The model's folder.
    public let folder: URL

    public init(_ configuration: Configuration, folder: URL) {
        (self.configuration, self.folder) = (configuration, folder)
    }

    private var visionConfiguration: CLIPVisionConfiguration {
        var vision = CLIPVisionConfiguration()
        (vision.hiddenSize, vision.intermediateSize) = (configuration.width, 4 * configuration.width)
        (vision.layers, vision.heads) = (configuration.layers, configuration.width / 32)
        (vision.imageSize, vision.patchSize) = (Menagerie.side, configuration.patchSize)
        vision.projectionSize = configuration.embedding
        return vision
    }

    private func textConfiguration(_ tokenizer: CLIPTokenizer, of base: URL) throws -> CLIPTextConfiguration {
        var text = try TransformersFolder(base.appending(path: "text_encoder"))
            .configuration(CLIPTextConfiguration.self, of: .text)
        (text.hiddenSize, text.intermediateSize) = (configuration.textWidth, 4 * configuration.textWidth)
        (text.layers, text.heads) = (configuration.textLayers, configuration.textWidth / 32)
        (text.projectionSize, text.hasProjection) = (configuration.embedding, true)
        return text
    }

    /// Trains to the last step, or goes on from the state in `folder`; writes the model there.
    ///
    /// - Parameter base: the base model's folder, whose tokenizer is used.
    /// - Throws: errors of the files.
    public func run(base: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let tokenizer = try CLIPTokenizer(folder: base.appending(path: "tokenizer").path)
        let text = try textConfiguration(tokenizer, of: base)
        let store = ParameterStore(.random(seed: configuration.seed), precision: configuration.precision)
        let towers = Towers(
            vision: try CLIPVisionEncoder(visionConfiguration, store.root), text: try CLIPTextEncoder(text, store.root))
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
        for step in first..<max(first, configuration.steps) {
            let loss = try train(towers, tokenizer, text, step: step)
            let norm = optimizer.update(learningRate: schedule[step])
            average.update()
            smoothed = 0.98 * (smoothed ?? loss) + 0.02 * loss
            if step % 20 == 0 {
                try log.append(step: step, ["loss": smoothed ?? loss, "gradientNorm": norm])
                progress.show(step, String(format: "loss %.4f", smoothed ?? loss))
            }
            if (step + 1) % configuration.saveEvery == 0 || step + 1 == configuration.steps {
                try state.save(parameters: store.parameters, average: average, optimizer: optimizer)
                try write(average, text, base: base)
            }
        }
        progress.show(configuration.steps, String(format: "loss %.4f", smoothed ?? 0))
    }

    private struct Towers {
        let vision: CLIPVisionEncoder
        let text: CLIPTextEncoder
    }

    /// One forward and backward pass; gradients are left on the parameters.
    private func train(
        _ towers: Towers, _ tokenizer: CLIPTokenizer, _ text: CLIPTextConfiguration, step: Int
    ) throws -> Double {
        let examples = (0..<configuration.batch).map { index in
            Menagerie.example(
                seed: configuration.seed, index: step * configuration.batch + index,
                distribution: configuration.distribution)
        }
        var draw = Noise(seed: configuration.seed, unit: UInt64(step), purpose: .order).makeGenerator()
        let captions = try examples.map { example in
            configuration.isBlind ? try Self.told(example.caption, using: &draw) : example.caption
        }
        let tokens = captions.map { tokenizer.encode($0, length: text.maxPositions) }
        guard
            let pictures = towers.vision(Variable(Tensor(pictures: examples.map(\.picture)))).imageEmbeddings,
            let texts = towers.text(tokens).textEmbeddings
        else { preconditionFailure("both towers project") }
        let loss = ContrastiveLoss(pictures.value, texts.value, scale: configuration.logitScale)
        backward([(pictures, loss.pictureGradient), (texts, loss.textGradient)])
        return loss.value
    }

    /// The caption with numbers and a relation at random.
    private static func told(_ caption: String, using generator: inout some RandomNumberGenerator) throws -> String {
        var told = try Scene.Description(parsing: caption)
        if told.relation != nil {
            let choices: [Relation?] = [nil] + Relation.allCases.map(Optional.some)
            told.relation = choices.randomElement(using: &generator) ?? nil
            return told.caption()
        }
        var room = Scene.Description.largestCount
        for index in told.subjects.indices {
            // Each other subject needs a place of its own.
            let others = told.subjects.count - 1 - index
            told.subjects[index].count = Int.random(in: 1...room - others, using: &generator)
            room -= told.subjects[index].count
        }
        return told.caption()
    }

    /// Writes the averaged weights and everything that transformers needs beside them.
    private func write(_ average: MovingAverage, _ text: CLIPTextConfiguration, base: URL) throws {
        var weights = average.values
        weights["logit_scale"] = Tensor([Float(log(configuration.logitScale))], shape: [])
        try SafeTensorsWriter(elementType: .f16).write(
            weights, to: folder.appending(path: "model.safetensors").path)
        func object(_ value: some Encodable) throws -> Any {
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
        }
        func write(_ json: Any, _ name: String) throws {
            let data = try JSONSerialization.data(withJSONObject: json, options: [.prettyPrinted, .sortedKeys])
            try data.write(to: folder.appending(path: name), options: .atomic)
        }
        try write(
            [
                "architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": configuration.embedding,
                "text_config": try object(text), "vision_config": try object(visionConfiguration),
            ], "config.json")
        let half = [0.5, 0.5, 0.5]
        try write(
            [
                "image_processor_type": "CLIPImageProcessor", "do_resize": true,
                "size": ["shortest_edge": Menagerie.side], "resample": 3, "do_center_crop": true,
                "crop_size": ["height": Menagerie.side, "width": Menagerie.side], "do_rescale": true,
                "rescale_factor": 1.0 / 255, "do_normalize": true, "image_mean": half, "image_std": half,
            ], "preprocessor_config.json")
        try write(try object(configuration), "recipe.json")
        for name in ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"] {
            let data = try Data(contentsOf: base.appending(path: "tokenizer/\(name)"))
            try data.write(to: folder.appending(path: name), options: .atomic)
        }
    }
}
