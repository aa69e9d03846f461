import ArgumentParser
import Diffusion
import Foundation
import Imaging
import Menagerie
import Pretraining
import Rewards
import ServiceRuntime
import TensorCore

/// `atelier evaluate draw`: a set of judged pictures of the embedded world, in the files of TIA².
struct EvaluateDrawCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "draw", abstract: "Draws a set of judged pictures of the embedded world, for evaluate rewards.",
        discussion: """
            The base model draws, the checker tells the truth, and three simulated annotators err about it so often that they
            agree as the people of TIA² did (Fleiss' kappa .63 comprehensive, .68 counting, .28 composition).
            """)

    /// The subsets of TIA², with the agreement of its annotators.
    enum Subset: String, CaseIterable {
        case comprehensive, counting, composition

        var agreement: Double {
            switch self {
            case .comprehensive: 0.63
            case .counting: 0.68
            case .composition: 0.28
            }
        }

        /// The first `count` prompts, without one twice.
        func prompts(_ count: Int, seed: UInt64) -> [String] {
            var generator = Noise(seed: seed, purpose: .order).makeGenerator()
            var prompts: [String] = []
            var index = 0
            while prompts.count < count {
                defer { index += 1 }
                let animals = Kind.animals.shuffled(using: &generator)
                let description: Scene.Description
                switch self {
                case .counting:
                    description = Scene.Description([
                        .init(animals[0], count: 1 + index % Scene.Description.largestCount)
                    ])
                case .composition: description = Scene.Description([.init(animals[0]), .init(animals[1])])
                case .comprehensive:
                    let scene = Menagerie.captionedScene(seed: seed, index: index).scene.description
                    guard
                        scene.relation != nil || scene.ground != nil
                            || scene.subjects.contains(where: { $0.tint != nil })
                    else { continue }
                    description = scene
                }
                let prompt = description.caption()
                if !prompts.contains(prompt) { prompts.append(prompt) }
            }
            return prompts
        }
    }

    @OptionGroup var source: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @Option(help: ArgumentHelp("The set's folder, made if missing.", valueName: "dir"))
    var out: String
    @Option(help: "Prompts of each subset.")
    var prompts = 30
    @Option(help: "Pictures of each prompt.")
    var pictures = 20
    @Option(help: "Denoising steps.")
    var steps = 20
    @Option(help: "Seed of prompts, pictures and annotators.")
    var seed: UInt64 = 0
    @Flag(help: "Print one JSON object on standard output.")
    var json = false

    /// What is told of a subset.
    private struct Summary: Encodable {
        var pictures: Int
        /// How often the checker finds a picture right.
        var positiveRate: Double
        /// Fleiss' κ of the labels.
        var agreement: Double?
    }

    private struct Label: Encodable {
        let image: String
        let caption: String
        let labels: [Int]

        enum CodingKeys: String, CodingKey {
            case image, caption
            case labels = "human_labels"
        }
    }

    func validate() throws {
        for (name, value) in [("prompts", prompts), ("pictures", pictures), ("steps", steps)] where value < 1 {
            throw ValidationError("--\(name) \(value): at least 1 is needed")
        }
    }

    func run() async throws {
        compute.apply()
        let model = try source.loadPipeline()
        var summaries: [String: Summary] = [:]
        for (number, subset) in Subset.allCases.enumerated() {
            summaries[subset.rawValue] = try draw(subset, number, model)
        }
        guard !json else { return try Output.json(summaries) }
        for (name, summary) in summaries.sorted(by: { $0.key < $1.key }) {
            Output.line(
                String(
                    format: "%@: %d pictures, %.3f right, agreement %.2f", name, summary.pictures, summary.positiveRate,
                    summary.agreement ?? 0))
        }
    }

    private func draw(_ subset: Subset, _ number: Int, _ model: StableDiffusion) throws -> Summary {
        let seed = self.seed + UInt64(number) * 1000
        let prompts = subset.prompts(self.prompts, seed: seed)
        let folder = URL(filePath: out)
        let place = folder.appending(path: "images/\(subset.rawValue)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let bar = Progress(total: prompts.count)
        var truths: [(image: String, prompt: String, isRight: Bool)] = []
        for (row, prompt) in prompts.enumerated() {
            bar.show(row, subset.rawValue)
            let drawn = Picture.pictures(
                try model.pictures(
                    prompts: Array(repeating: prompt, count: pictures), seed: seed + UInt64(row),
                    settings: SamplingSettings(steps: steps)))
            let scores = try CheckerReward(.success).score(drawn, prompts: drawn.map { _ in prompt })
            for (column, (picture, score)) in zip(drawn, scores).enumerated() {
                guard let value = score.value else {
                    throw ServiceError("the checker cannot judge \"\(prompt)\": \(score)")
                }
                let name = "image_\(row)_\(column).png"
                try picture.writePNG(toFile: place.appending(path: name).path)
                truths.append((name, prompt, value > 0.5))
            }
        }
        bar.show(prompts.count, subset.rawValue)
        let rate = Double(truths.count { $0.isRight }) / Double(truths.count)
        let annotators = SimulatedAnnotators(
            agreement: subset.agreement, positiveRate: min(max(rate, 0.01), 0.99))
        var generator = Noise(seed: seed, unit: 1, purpose: .order).makeGenerator()
        let labels = truths.map { truth in
            Label(
                image: truth.image, caption: truth.prompt, labels: annotators.labels(truth.isRight, using: &generator))
        }
        try write(
            Dictionary(uniqueKeysWithValues: labels.map { ($0.image, $0) }),
            folder.appending(path: "human_labels_\(subset.rawValue).json"))
        let contrasts = try Dictionary(
            uniqueKeysWithValues: prompts.map { ($0, try Scene.Description.contrastivePrompts(for: $0)) })
        try write(contrasts, folder.appending(path: "prompt_set_\(subset.rawValue).json"))
        return Summary(
            pictures: truths.count, positiveRate: rate,
            agreement: SimulatedAnnotators.agreement(labels.map(\.labels)))
    }

    private func write(_ value: some Encodable, _ file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(value).write(to: file, options: .atomic)
    }
}
