import Autograd
import Diffusion
import Encoders
import Foundation
import Menagerie
import NeuralNet
import TensorCore

/// A small ImageReward: a text tower that attends to the picture's patches, and a linear head, trained on noisy preferences.
///
/// Two scenes and their captions, which differ in one attribute or in everything, make four questions: which picture fits a
/// caption better, and which caption fits a picture better. A share of the answers is wrong. As in BLIP's pre-training both
/// towers also learn contrastively, each by itself: without that the text tower does not find out what to attend to.
///
/// Xu et al., "ImageReward: Learning and Evaluating Human Preferences for Text-to-Image Generation" (2023); Li et al.,
/// "BLIP" (2022).
struct PreferenceProxy: ProxyModel {
    private let recipe: RewardTraining.Configuration
    private let tokenizer: WordPieceTokenizer
    private let vision: ViTEncoder
    private let reader: BERTEncoder
    private let head: Linear
    /// Into the space in which both towers are compared.
    private let visionProjection, textProjection: Linear
    private static let longestPrompt = 16

    init(_ recipe: RewardTraining.Configuration, _ store: ParameterStore, folder: URL) throws {
        self.recipe = recipe
        let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + Menagerie.vocabulary
        let file = folder.appending(path: "vocab.txt")
        try Data((pieces.joined(separator: "\n") + "\n").utf8).write(to: file, options: .atomic)
        tokenizer = try WordPieceTokenizer(folder: folder.path)
        var pictures = ViTConfiguration()
        pictures.modelType = "blip_vision_model"
        pictures.applyDefaults()
        var words = BERTConfiguration()
        words.modelType = "blip_text_model"
        words.applyDefaults()
        words = recipe.sized(words, width: recipe.textWidth, layers: recipe.textLayers)
        (words.vocabularySize, words.maxPositions) = (pieces.count, Self.longestPrompt)
        words.contextWidth = recipe.width
        try words.settle()
        vision = try ViTEncoder(recipe.sized(pictures), store.root["vision_model"])
        reader = try BERTEncoder(words, store.root["text_encoder"])
        head = try Linear(recipe.textWidth, 1, store.root["mlp.layers.0"])
        visionProjection = try Linear(recipe.width, recipe.embedding, store.root["vision_proj"])
        textProjection = try Linear(recipe.textWidth, recipe.embedding, store.root["text_proj"])
    }

    /// A picture read against a caption.
    private struct Reading {
        let picture: Int
        let tokens: [Int]
    }

    func train(step: Int) throws -> Double {
        let count = recipe.batch / 2
        var draw = Noise(seed: recipe.seed, unit: UInt64(step), purpose: .order).makeGenerator()
        var pictures: [Scene] = []
        var captions: [[Int]] = []
        var readings: [Reading] = []
        var answers: [PreferenceAnswer] = []
        for index in 0..<count {
            let (first, second) = pair(step * count + index, using: &draw)
            let tokens = [first, second].map {
                tokenizer.encodeUnpadded($0.description.caption(), length: Self.longestPrompt)
            }
            // In this order: the first picture with the first and second caption, the second picture likewise.
            let at = readings.count
            for picture in 0..<2 {
                readings += tokens.map { Reading(picture: pictures.count + picture, tokens: $0) }
            }
            pictures += [first, second]
            captions += tokens
            answers += [(0, 2), (3, 1), (0, 1), (3, 2)].map { better, worse in
                let isWrong = Double.random(in: 0..<1, using: &draw) < recipe.wrongPreferences
                return isWrong
                    ? PreferenceAnswer(better: at + worse, worse: at + better)
                    : PreferenceAnswer(better: at + better, worse: at + worse)
            }
        }
        let output = vision(Variable(Tensor(pictures: pictures.map(Renderer.render))))
        let read = read(readings, output.lastHiddenState, answers)
        let compared = compare(visionProjection(output.pooled), captions)
        backward(read.roots + compared.roots)
        return read.value
    }

    /// Two scenes: half of the pairs differ in one attribute.
    private func pair(_ index: Int, using draw: inout some RandomNumberGenerator) -> (Scene, Scene) {
        func scene(_ index: Int) -> Scene {
            Menagerie.captionedScene(seed: recipe.seed, index: index, distribution: recipe.distribution).scene
        }
        let first = scene(2 * index)
        let changed = first.description.contrasts.randomElement(using: &draw)
        if let changed, Bool.random(using: &draw) { return (first, Scene(changed, seed: draw.next())) }
        return (first, scene(2 * index + 1))
    }

    /// A loss, and the outputs that it hangs on with its gradients by them.
    private typealias Loss = (value: Double, roots: [(Variable, Tensor)])

    /// The indices of sequences of one length, which go through the tower together, without padding.
    private func groups(_ lengths: [Int]) -> [[Int]] {
        Dictionary(grouping: lengths.indices) { lengths[$0] }.sorted { $0.key < $1.key }.map(\.value)
    }

    private func read(_ readings: [Reading], _ states: Variable, _ answers: [PreferenceAnswer]) -> Loss {
        let (places, width) = (states.shape[1], states.shape[2])
        let rows = states.reshaped([-1, width])
        let groups = groups(readings.map(\.tokens.count))
        var scores = [Double](repeating: 0, count: readings.count)
        let outputs = groups.map { group in
            let context = rows.gathering(
                group.flatMap { reading in (0..<places).map { readings[reading].picture * places + $0 } })
            let input = BERTEncoder.Input(group.map { readings[$0].tokens })
            let output = head(reader(input, context: context.reshaped([group.count, places, width])).first)
            for (reading, score) in zip(group, output.value.scalars) { scores[reading] = Double(score) }
            return output
        }
        let (value, gradient) = PreferenceAnswer.loss(answers, scores)
        return (
            value,
            zip(groups, outputs).map { group, output in
                (output, Tensor(group.map { Float(gradient[$0]) }, shape: output.shape))
            }
        )
    }

    private func compare(_ pictures: Variable, _ captions: [[Int]]) -> Loss {
        let groups = groups(captions.map(\.count))
        let outputs = groups.map { group in
            textProjection(reader(BERTEncoder.Input(group.map { captions[$0] })).first)
        }
        // Back into the captions' order.
        let order = groups.joined().enumerated().sorted { $0.element < $1.element }.map(\.offset)
        let texts = Variable.concatenating(outputs).gathering(order)
        let loss = ContrastiveLoss(pictures.value, texts.value, scale: recipe.logitScale)
        return (loss.value, [(pictures, loss.pictureGradient), (texts, loss.textGradient)])
    }

    func write(_ weights: [String: Tensor], to folder: ProxyFolder) throws {
        try folder.write(weights)
        try folder.write(
            WholeConfiguration(
                architectures: ["BlipForImageTextRetrieval"], modelType: "blip", text: reader.configuration,
                vision: vision.configuration), "config.json")
        try folder.writePreprocessor("BlipImageProcessor")
    }
}
