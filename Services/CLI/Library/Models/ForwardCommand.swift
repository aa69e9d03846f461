import ArgumentParser
import Autograd
import Diffusion
import Encoders
import Foundation
import NeuralNet
import ServiceRuntime
import TensorCore

/// `atelier forward`: one pass of a model's component over tensors from a file, to check a port of a checkpoint.
struct ForwardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forward", abstract: "One pass of a component over tensors of a file.",
        discussion: """
            Reads and writes the field's layouts (NCHW).
              unet            sample, timestep, encoder_hidden_states[, text_embeds, time_ids] -> sample
              vae-decode      latents (not scaled) -> pixels
              vae-encode      pixels -> mean, logvar
              text-encoder    input_ids -> last_hidden_state, penultimate, pooled[, text_embeds]
              text-encoder-2  the same, of text_encoder_2
              image-encoder   pixel_values -> last_hidden_state, pooled[, image_embeds]
            Towers of reward models, from a transformers folder (their own, or that of a whole CLIP, BLIP or ALIGN):
              clip-vision, vit, dino, blip-vision, align-vision
                              pixel_values -> last_hidden_state, pooler_output[, image_embeds]
              clip-text, bert, blip-text, align-text
                              input_ids[, attention_mask, token_type_ids, encoder_hidden_states, encoder_attention_mask]
                              -> last_hidden_state, pooler_output[, text_embeds]
            A component's folder (with its own config.json) can be given in place of the whole model's.
            """)

    @Argument(help: "unet, vae-encode, vae-decode, text-encoder, text-encoder-2, image-encoder, or a tower's name.")
    var component: String
    @OptionGroup var source: ModelOptions
    @OptionGroup var compute: ComputeOptions
    @OptionGroup var memory: MemoryOptions
    @Option(help: ArgumentHelp("The safetensors file to read.", valueName: "file"))
    var inputs: String
    @Option(help: ArgumentHelp("The safetensors file to write.", valueName: "file"))
    var outputs: String
    @Option(help: "Arithmetic of products: f32, or bf16 with f32 sums.")
    var dtype = ComputePrecision.f32

    private enum Component: String, CaseIterable {
        case unet
        case vaeEncode = "vae-encode"
        case vaeDecode = "vae-decode"
        case textEncoder = "text-encoder"
        case textEncoder2 = "text-encoder-2"
        case imageEncoder = "image-encoder"

        var folder: String {
            switch self {
            case .unet: "unet"
            case .vaeEncode, .vaeDecode: "vae"
            case .textEncoder: "text_encoder"
            case .textEncoder2: "text_encoder_2"
            case .imageEncoder: "image_encoder"
            }
        }
    }

    func run() async throws {
        let precision = try dtype.available()
        if let tower = ForwardTowers.Tower(rawValue: component) {
            try source.requireNoAdapter(for: component)
            compute.apply()
            let towers = ForwardTowers(
                folder: TransformersFolder(try source.folder(), variant: source.variant),
                file: try TensorInputs(path: inputs), precision: precision)
            return try SafeTensorsWriter().write(try towers(tower), to: outputs)
        }
        guard let known = Component(rawValue: component) else {
            let names = (Component.allCases.map(\.rawValue) + ForwardTowers.Tower.allCases.map(\.rawValue))
                .joined(separator: ", ")
            throw ServiceError(
                "forward \(component): there is no such component; there are: \(names)", exitCode: .refused)
        }
        compute.apply()
        let file = try TensorInputs(path: inputs)
        let folder = try folder(of: known)
        let result =
            switch known {
            case .unet: try unet(file, folder, precision)
            case .vaeEncode: try encode(file, folder, precision)
            case .vaeDecode: try decode(file, folder, precision)
            case .textEncoder: try textEncoder(file, folder, .textEncoder, precision)
            case .textEncoder2: try textEncoder(file, folder, .textEncoder2, precision)
            case .imageEncoder: try imageEncoder(file, folder, precision)
            }
        try SafeTensorsWriter().write(result, to: outputs)
    }

    /// The component's folder: below the model's, or the model's itself if that is a component's.
    private func folder(of component: Component) throws -> URL {
        let folder = try source.folder()
        let below = folder.appending(path: component.folder)
        let hasParts = FileManager.default.fileExists(atPath: below.path)
        let isPart = FileManager.default.fileExists(atPath: folder.appending(path: "config.json").path)
        return !hasParts && isPart ? folder : below
    }

    private func unet(_ file: TensorInputs, _ folder: URL, _ precision: ComputePrecision) throws -> [String: Tensor] {
        let adapter = try source.loadAdapter()
        try source.require(.unet, of: adapter)
        let shape = try file.tensor("sample", shape: [nil, nil, nil, nil]).shape
        let work = MemoryEstimate.Work(
            size: SampleSize(height: shape[2], width: shape[3]), samples: shape[0], isGuided: false,
            precision: precision)
        try memory.check.require(
            MemoryEstimate(try ModelOutline(unet: folder, variant: source.variant)).forward(work),
            for: "this pass of the unet", advice: "use --dtype bf16, fewer samples or a smaller size")
        let (unet, _) = try StableDiffusion.loadUNet(
            folder, options: source.loading(adapter, precision: precision))
        let configuration = unet.configuration
        let sample = try file.tensor("sample", shape: [nil, configuration.inChannels, nil, nil])
        let samples = sample.shape[0]
        let context = try file.tensor("encoder_hidden_states", shape: [samples, nil, configuration.contextWidth])
        let output = unet(
            Variable(sample.toNHWC()), timesteps: try file.numbers("timestep", count: samples),
            context: TextContext(Variable(context)), added: try addedConditions(file, configuration, samples: samples))
        return ["sample": output.value.toNCHW()]
    }

    private func addedConditions(
        _ file: TensorInputs, _ configuration: UNetConfiguration, samples: Int
    ) throws -> UNet.AddedConditions? {
        guard configuration.additionEmbedType != nil,
            let inputs = configuration.projectionClassEmbeddingsInputDimension,
            let width = configuration.additionTimeEmbedDimension
        else { return nil }
        let text = try file.tensor("text_embeds", shape: [samples, nil])
        let count = (inputs - text.shape[1]) / max(width, 1)
        guard count >= 1, text.shape[1] + count * width == inputs else {
            throw ServiceError(
                "\(file.path): tensor 'text_embeds': \(text.shape[1]) channels and \(width) for each of time_ids do not "
                    + "make \(inputs) (projection_class_embeddings_input_dim)")
        }
        let sizes = try file.numbers("time_ids", rows: samples, columns: count)
        return UNet.AddedConditions(textEmbeddings: Variable(text), timeIDs: sizes)
    }

    private func decode(_ file: TensorInputs, _ folder: URL, _ precision: ComputePrecision) throws -> [String: Tensor] {
        try source.requireNoAdapter(for: "vae")
        let shape = try file.tensor("latents", shape: [nil, nil, nil, nil]).shape
        var work = MemoryEstimate.Work(
            size: SampleSize(height: shape[2], width: shape[3]), samples: shape[0], precision: precision)
        work.tiling = .off
        try memory.check.require(
            MemoryEstimate(try ModelOutline(vae: folder, variant: source.variant)).decode(work),
            for: "decoding \(shape[0]) latents of \(shape[2])×\(shape[3])",
            advice: "use --dtype bf16, fewer samples or a smaller size")
        let vae = try StableDiffusion.loadVAE(folder, options: source.loading(nil, precision: precision))
        let latents = try file.tensor("latents", shape: [nil, vae.configuration.latentChannels, nil, nil])
        return ["pixels": vae.decode(Variable(latents.toNHWC())).value.toNCHW()]
    }

    private func encode(_ file: TensorInputs, _ folder: URL, _ precision: ComputePrecision) throws -> [String: Tensor] {
        try source.requireNoAdapter(for: "vae")
        let vae = try StableDiffusion.loadVAE(folder, options: source.loading(nil, precision: precision))
        let pixels = try file.tensor("pixels", shape: [nil, vae.configuration.inChannels, nil, nil])
        let least = vae.configuration.downsampling
        guard pixels.shape[2] >= least, pixels.shape[3] >= least else {
            throw ServiceError(
                "\(file.path): tensor 'pixels': is \(pixels.shape[2]) by \(pixels.shape[3]); this model needs at least "
                    + "\(least) by \(least)")
        }
        let posterior = vae.encode(Variable(pixels.toNHWC()))
        // diffusers' DiagonalGaussianDistribution clamps the log-variance, so what it shows is clamped too.
        let logVariance = posterior.logVariance.value
        let clamped = Tensor(logVariance.scalars.map { min(max($0, -30), 20) }, shape: logVariance.shape)
        return ["mean": posterior.mean.value.toNCHW(), "logvar": clamped.toNCHW()]
    }

    private func textEncoder(
        _ file: TensorInputs, _ folder: URL, _ component: AdapterComponent, _ precision: ComputePrecision
    ) throws -> [String: Tensor] {
        let adapter = try source.loadAdapter()
        try source.require(component, of: adapter)
        let encoder = try StableDiffusion.loadTextEncoder(
            folder, component: component, options: source.loading(adapter, precision: precision))
        let output = encoder(
            try file.tokens(
                "input_ids", vocabulary: encoder.configuration.vocabularySize,
                maximumLength: encoder.configuration.maxPositions))
        let tensors = [
            "last_hidden_state": output.lastHiddenState.value, "penultimate": output.penultimate.value,
            "pooled": output.pooled.value,
        ]
        return tensors.merging(output.textEmbeddings.map { ["text_embeds": $0.value] } ?? [:]) { $1 }
    }

    private func imageEncoder(_ file: TensorInputs, _ folder: URL, _ precision: ComputePrecision) throws -> [String:
        Tensor]
    {
        try source.requireNoAdapter(for: "image encoder")
        let encoder = try StableDiffusion.loadImageEncoder(
            folder, options: source.loading(nil, precision: precision))
        let side = encoder.configuration.imageSize
        let pixels = try file.tensor("pixel_values", shape: [nil, encoder.configuration.channels, side, side])
        let output = encoder(Variable(pixels.toNHWC()))
        let tensors = ["last_hidden_state": output.lastHiddenState.value, "pooled": output.pooled.value]
        return tensors.merging(output.imageEmbeddings.map { ["image_embeds": $0.value] } ?? [:]) { $1 }
    }
}
