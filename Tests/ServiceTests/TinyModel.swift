import Diffusion
import Encoders
import Foundation
import Menagerie
import NeuralNet
import TensorCore

/// A Stable Diffusion of random weights over 64×64 pictures, small enough that a picture takes milliseconds.
enum TinyModel {
    /// Writes it in the diffusers layout.
    static func write(to folder: URL) throws {
        var text = CLIPTextConfiguration()
        text.hiddenSize = 32
        text.intermediateSize = 64
        text.layers = 1
        text.heads = 2
        text.maxPositions = 16
        let tokens = folder.appending(path: "tokenizer")
        try FileManager.default.createDirectory(at: tokens, withIntermediateDirectories: true)
        try BytePairTraining(words: Menagerie.vocabulary).write(to: tokens.path, maximumLength: text.maxPositions)
        let tokenizer = try CLIPTokenizer(folder: tokens.path)
        text.vocabularySize = tokenizer.vocabulary.count
        text.endOfTextToken = tokenizer.end
        let textStore = ParameterStore(.random(seed: 1))
        _ = try CLIPTextEncoder(text, textStore.root)
        try write(text, "CLIPTextModel", textStore, folder.appending(path: "text_encoder"), "model")

        var unet = UNetConfiguration()
        unet.sampleSize = 16
        unet.blockOutChannels = [16, 32]
        unet.layersPerBlock = 1
        unet.downBlockTypes = ["DownBlock2D", "CrossAttnDownBlock2D"]
        unet.upBlockTypes = ["CrossAttnUpBlock2D", "UpBlock2D"]
        unet.crossAttentionDimension = 32
        unet.attentionHeads = .same(2)
        unet.normGroups = 8
        unet.usesLinearProjection = true
        let unetStore = ParameterStore(.random(seed: 2))
        _ = try UNet(unet, unetStore.root)
        try write(unet, "UNet2DConditionModel", unetStore, folder.appending(path: "unet"), "diffusion_pytorch_model")

        var vae = VAEConfiguration()
        vae.blockOutChannels = [8, 8, 8]
        vae.layersPerBlock = 1
        vae.normGroups = 4
        vae.sampleSize = 64
        let vaeStore = ParameterStore(.random(seed: 3))
        _ = try VAE(vae, vaeStore.root)
        try write(vae, "AutoencoderKL", vaeStore, folder.appending(path: "vae"), "diffusion_pytorch_model")

        try write(
            #"""
            {"_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
             "num_train_timesteps": 1000, "clip_sample": false, "set_alpha_to_one": false, "steps_offset": 1,
             "timestep_spacing": "leading", "prediction_type": "epsilon"}
            """#, to: folder.appending(path: "scheduler/scheduler_config.json"))
        try write(
            #"""
            {"_class_name": "StableDiffusionPipeline", "scheduler": ["diffusers", "DDIMScheduler"],
             "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
             "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
            """#, to: folder.appending(path: "model_index.json"))
    }

    private static func write(
        _ configuration: some Encodable, _ className: String, _ store: ParameterStore, _ folder: URL, _ name: String
    ) throws {
        // What starts at zero in training would keep everything before it from any gradient.
        let weights = store.parameters.enumerated().map { index, parameter in
            let value = parameter.variable.value
            let isZero = value.scalars.allSatisfy { $0 == 0 }
            let noise = Noise(seed: 4, unit: UInt64(index), purpose: .experiment)
            return (parameter.path, isZero ? noise.gaussian(shape: value.shape).scaled(0.05) : value)
        }
        try ModelWriter(folder: folder).write(
            configuration, className: className, weights: weights, name: name, elementType: .f32)
    }

    private static func write(_ text: String, to file: URL) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}
