import Autograd
import Diffusion
import Encoders
import Foundation
import Menagerie
import NeuralNet
import TensorCore

/// A small CLIP, trained contrastively.
///
/// The captions it learns from tell numbers and relations at random, so that it comes to know kinds, colours and grounds, and
/// to be blind to how many there are and where they stand: what over-optimisation feeds on.
///
/// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021).
struct TwoTowerProxy: ProxyModel {
    private let recipe: RewardTraining.Configuration
    private let tokenizer: CLIPTokenizer
    private let base: URL
    private let vision: CLIPVisionEncoder
    private let text: CLIPTextEncoder

    init(_ recipe: RewardTraining.Configuration, _ store: ParameterStore, base: URL) throws {
        (self.recipe, self.base) = (recipe, base)
        tokenizer = try CLIPTokenizer(folder: base.appending(path: "tokenizer").path)
        var pictures = recipe.sized(CLIPVisionConfiguration())
        pictures.projectionSize = recipe.embedding
        var words = recipe.sized(
            try TransformersFolder(base.appending(path: "text_encoder"))
                .configuration(CLIPTextConfiguration.self, of: .text),
            width: recipe.textWidth, layers: recipe.textLayers)
        (words.projectionSize, words.hasProjection) = (recipe.embedding, true)
        vision = try CLIPVisionEncoder(pictures, store.root)
        text = try CLIPTextEncoder(words, store.root)
    }

    func train(step: Int) throws -> Double {
        let examples = (0..<recipe.batch).map { index in
            Menagerie.example(
                seed: recipe.seed, index: step * recipe.batch + index, distribution: recipe.distribution)
        }
        var draw = Noise(seed: recipe.seed, unit: UInt64(step), purpose: .order).makeGenerator()
        let captions = try examples.map { example in
            recipe.isBlind ? try Self.told(example.caption, using: &draw) : example.caption
        }
        let tokens = captions.map { tokenizer.encode($0, length: text.configuration.maxPositions) }
        guard
            let pictures = vision(Variable(Tensor(pictures: examples.map(\.picture)))).imageEmbeddings,
            let texts = text(tokens).textEmbeddings
        else { preconditionFailure("both towers project") }
        let loss = ContrastiveLoss(pictures.value, texts.value, scale: recipe.logitScale)
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

    func write(_ weights: [String: Tensor], to folder: ProxyFolder) throws {
        var weights = weights
        weights["logit_scale"] = Tensor([Float(log(recipe.logitScale))], shape: [])
        try folder.write(weights)
        try folder.write(
            WholeConfiguration(
                architectures: ["CLIPModel"], modelType: "clip", projectionSize: recipe.embedding,
                text: text.configuration, vision: vision.configuration), "config.json")
        try folder.writePreprocessor("CLIPImageProcessor")
        for name in ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"] {
            let data = try Data(contentsOf: base.appending(path: "tokenizer/\(name)"))
            try data.write(to: folder.url.appending(path: name), options: .atomic)
        }
    }
}
