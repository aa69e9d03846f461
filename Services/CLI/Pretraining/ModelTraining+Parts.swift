import Diffusion
import Encoders
import Foundation
import Menagerie

extension ModelTraining {
    /// Writes what is not trained: tokenizer, scheduler, `model_index.json` and the recipe.
    func writeFixedParts() throws -> (CLIPTokenizer, DDIMScheduler, CLIPTextConfiguration) {
        let tokenizerFolder = folder.appending(path: "tokenizer")
        let schedulerFolder = folder.appending(path: "scheduler")
        for part in [tokenizerFolder, schedulerFolder] {
            try FileManager.default.createDirectory(at: part, withIntermediateDirectories: true)
        }
        var text = configuration.textEncoder
        try BytePairTraining(words: Menagerie.vocabulary).write(
            to: tokenizerFolder.path, maximumLength: text.maxPositions)
        let tokenizer = try CLIPTokenizer(folder: tokenizerFolder.path)
        text.vocabularySize = tokenizer.vocabulary.count
        text.endOfTextToken = tokenizer.end
        text.beginOfTextToken = tokenizer.begin

        let scheduler = schedulerFolder.appending(path: "scheduler_config.json")
        try writeJSON(
            [
                "_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
                "beta_schedule": "scaled_linear", "num_train_timesteps": 1000, "clip_sample": false,
                "set_alpha_to_one": false, "steps_offset": 1, "timestep_spacing": "leading",
                "prediction_type": "epsilon",
            ], to: scheduler)
        try writeJSON(
            [
                "_class_name": "StableDiffusionPipeline", "requires_safety_checker": false,
                "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
                "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
                "vae": ["diffusers", "AutoencoderKL"], "safety_checker": [NSNull(), NSNull()],
                "feature_extractor": [NSNull(), NSNull()],
            ], to: folder.appending(path: "model_index.json"))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(configuration).write(
            to: folder.appending(path: "training/recipe.json"), options: .atomic)
        return (tokenizer, try DDIMScheduler(path: scheduler.path), text)
    }

    private func writeJSON(_ object: [String: Any], to file: URL) throws {
        let data = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
        try data.write(to: file, options: .atomic)
    }
}

extension UNetConfiguration {
    /// About 5 M parameters over 16×16×4 latents, attention on the two lower levels.
    public static var menagerie: UNetConfiguration {
        var configuration = UNetConfiguration()
        configuration.sampleSize = 16
        configuration.blockOutChannels = [64, 96, 128]
        configuration.layersPerBlock = 1
        configuration.downBlockTypes = ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"]
        configuration.upBlockTypes = ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"]
        configuration.crossAttentionDimension = 128
        configuration.attentionHeads = .same(4)
        configuration.normGroups = 32
        configuration.usesLinearProjection = true
        return configuration
    }
}

extension CLIPTextConfiguration {
    /// Three layers of width 128 over at most 16 tokens.
    public static var menagerie: CLIPTextConfiguration {
        var configuration = CLIPTextConfiguration()
        configuration.hiddenSize = 128
        configuration.intermediateSize = 512
        configuration.layers = 3
        configuration.heads = 4
        configuration.maxPositions = 16
        return configuration
    }
}
