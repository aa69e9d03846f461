import Diffusion
import Foundation
import Imaging
import TensorCore

/// The card of a trained model: what it is, how it was made, what it can do, and a sheet of samples.
public struct ModelCard {
    public let folder: URL
    public let measurements: ModelMeasurements
    private let recipe: ModelTraining.Configuration
    private let model: StableDiffusion

    /// Measures the model in `folder`, which `pretrain model` has written.
    ///
    /// - Parameters:
    ///   - folder: the checkpoint.
    ///   - pictures: how many are drawn and judged for each skill.
    /// - Throws: errors of the model's files, each naming the file.
    public init(folder: URL, pictures: Int) throws {
        self.folder = folder
        model = try StableDiffusion(folder: folder)
        let file = folder.appending(path: "training/recipe.json")
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw ModelError(path: file.path, reason: "cannot be read; 'atelier pretrain model' writes it")
        }
        do { recipe = try JSONDecoder().decode(ModelTraining.Configuration.self, from: data) } catch {
            throw ModelError(path: file.path, reason: "is not a recipe of this program's pre-training: \(error)")
        }
        let bar = Progress(total: 10)
        measurements = try ModelMeasurements(of: model, recipe: recipe, count: pictures) { done, total in
            bar.show(done * 10 / total, "judging generated pictures")
        }
    }

    /// Writes `README.md` and `samples.png` into the folder.
    public func write() throws {
        let prompts = recipe.samplePrompts.flatMap { [$0, $0, $0, $0] }
        let pixels = try model.pictures(prompts: prompts, seed: 7, settings: recipe.sampling)
        try Picture.grid(Picture.pictures(pixels), columns: 8, padding: 1, scale: 2)
            .writePNG(toFile: folder.appending(path: "samples.png").path)
        try Data(try markdown().utf8).write(to: folder.appending(path: "README.md"), options: .atomic)
    }

    private func markdown() throws -> String {
        let sections = [introduction, try parts(), samples, accuracy, try training()]
        return sections.joined(separator: "\n\n") + "\n"
    }

    private var introduction: String {
        """
        # The base model of Menagerie

        A small Stable Diffusion (text encoder, UNet, auto-encoder, DDIM scheduler) that draws the animals and shapes of
        the embedded world, 64×64 pixels. Trained from scratch by `atelier pretrain` on renders of this repository's own
        code; the animals' sprites come from Noto Color Emoji (SIL Open Font License 1.1, `Shared/C/CAtlas/OFL.txt`).
        The folder has the diffusers layout; `StableDiffusionPipeline.from_pretrained` reads it.

        It is imperfect on purpose: captions of its training were noisy and some combinations rare or missing, so that a
        reward has something to teach. This page is written by `atelier pretrain report`.
        """
    }

    private func parts() throws -> String {
        let files = [
            ("text encoder", "text_encoder", "model"), ("unet", "unet", "diffusion_pytorch_model"),
            ("auto-encoder", "vae", "diffusion_pytorch_model"),
        ]
        var rows = ["| part | parameters | file |", "| --- | --- | --- |"]
        for (name, part, file) in files {
            let archive = try SafeTensorsArchive(folder: folder.appending(path: part).path, name: file)
            let count = archive.keys.reduce(0) { $0 + (archive.shape(of: $1)?.reduce(1, *) ?? 0) }
            rows.append(
                String(
                    format: "| %@ | %.2f M | `%@` (fp16) |", name, Double(count) / 1e6, "\(part)/\(file).safetensors"))
        }
        return rows.joined(separator: "\n")
    }

    private var samples: String {
        var lines = [
            "## Samples", "",
            "![Pictures that the model draws](samples.png)", "",
            "Four pictures of each prompt, two prompts a row, not picked:", "",
        ]
        for pair in stride(from: 0, to: recipe.samplePrompts.count, by: 2) {
            let row = recipe.samplePrompts[pair..<min(pair + 2, recipe.samplePrompts.count)]
            lines.append("* " + row.map { "\"\($0)\"" }.joined(separator: ", "))
        }
        return lines.joined(separator: "\n")
    }

    private var accuracy: String {
        let settings = measurements.sampling
        var lines = [
            "## What it can do", "",
            "Pictures judged by the checker (`Shared/Menagerie/Checker`): \(settings.steps) steps, guidance "
                + "\(settings.guidance), η \(settings.eta). The sets named by a skill hold combinations that the training "
                + "shows; those in quotes are DPOK's prompts, which it shows rarely.", "",
            "| prompts | for instance | pictures | all right | right by skill |", "| --- | --- | --- | --- | --- |",
        ]
        for row in measurements.accuracies {
            let skills = row.skills.sorted { $0.key < $1.key }
                .map { "\($0.key) \(String(format: "%.2f", $0.value))" }.joined(separator: ", ")
            lines.append(
                String(
                    format: "| %@ | %@ | %d | %.2f ± %.2f | %@ |", row.name, row.example, row.pictures, row.success,
                    row.standardError, skills))
        }
        lines += [
            "",
            String(
                format: "Reconstruction by the auto-encoder: %.2f dB PSNR, the mean over %d fresh renders.",
                measurements.reconstructionPSNR, measurements.reconstructions),
        ]
        return lines.joined(separator: "\n")
    }

    private func training() throws -> String {
        var lines = ["## How it was made", "", "```sh"]
        lines += [
            "atelier pretrain vae --out DIR", "atelier pretrain model --out DIR", "atelier pretrain report DIR", "```",
        ]
        for (title, log, recipe) in [
            ("The auto-encoder", "vae/loss.jsonl", "vae/recipe.json"),
            ("Text encoder and UNet", "training/loss.jsonl", "training/recipe.json"),
        ] {
            lines += ["", "### \(title)", ""]
            let hasRecipe = FileManager.default.fileExists(atPath: folder.appending(path: recipe).path)
            let recipeNote = hasRecipe ? " Recipe: [`\(recipe)`](\(recipe))." : ""
            lines += try LossTable(file: folder.appending(path: log)).markdown
            lines += ["", "Every logged step: [`\(log)`](\(log)).\(recipeNote)"]
        }
        // What a person has to say of this very training: interruptions, changes on the way.
        let notes = folder.appending(path: "training/notes.md")
        if let text = try? String(contentsOf: notes, encoding: .utf8) {
            lines += ["", "### Notes", "", text.trimmingCharacters(in: .whitespacesAndNewlines)]
        }
        return lines.joined(separator: "\n")
    }
}

/// A loss log in a dozen rows.
private struct LossTable {
    private let rows: [[String: Double]]

    init(file: URL) throws {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else {
            throw ModelError(path: file.path, reason: "cannot be read; the pre-training writes it")
        }
        rows = text.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Double]
        }
    }

    var markdown: [String] {
        let columns = ["step", "loss", "psnr", "learningRate", "seconds"].filter { rows.first?[$0] != nil }
        guard !columns.isEmpty else { return ["The log is empty."] }
        let wanted = min(12, rows.count)
        let chosen = (0..<wanted).map { rows[wanted == 1 ? 0 : $0 * (rows.count - 1) / (wanted - 1)] }
        return [
            "| " + columns.joined(separator: " | ") + " |",
            "|" + String(repeating: " --- |", count: columns.count),
        ]
            + chosen.map { row in
                "| " + columns.map { String(format: "%.4g", row[$0] ?? .nan) }.joined(separator: " | ") + " |"
            }
    }
}
