import Encoders
import Foundation
import NeuralNet
import TensorCore

/// What a checkpoint is, and whether its weights are those that its configurations ask for.
public struct CheckpointReport: Encodable {
    /// One part of a checkpoint.
    public struct Component: Encodable {
        public var name: String
        /// The class that the configuration names.
        public var className: String?
        public var parameters = 0
        /// Parameters by element type.
        public var elementTypes: [String: Int] = [:]
        public var files: [String] = []
        /// Keys that the configuration asks for and the weights lack.
        public var missing: [String] = []
        /// Keys that the weights have and the configuration has no place for.
        public var unexpected: [String] = []
        /// Keys whose shape is another than the configuration asks for.
        public var misshapen: [String] = []
        /// What else is wrong, in one line.
        public var fault: String?

        /// The first thing that is wrong.
        public var firstFault: String? {
            if let fault { return fault }
            let place = files.first ?? name
            if let key = missing.first { return "\(place): tensor '\(key)' is missing\(more(missing))" }
            if let key = misshapen.first { return "\(place): tensor \(key)\(more(misshapen))" }
            if let key = unexpected.first {
                return
                    "\(place): tensor '\(key)': the model of this configuration has no place for it\(more(unexpected))"
            }
            return nil
        }

        private func more(_ keys: [String]) -> String { keys.count > 1 ? " (and \(keys.count - 1) more)" : "" }
    }

    public var kind = "checkpoint"
    public var path: String
    /// The pipeline's class, if this is a whole pipeline.
    public var pipeline: String?
    public var family: String?
    public var scheduler: String?
    public var prediction: String?
    public var parameters = 0
    public var components: [Component] = []
    public var memory: MemoryFigures?

    /// The first thing that is wrong with the checkpoint.
    public var firstFault: String? { components.lazy.compactMap(\.firstFault).first }

    /// Looks at a pipeline's folder, or at one component's.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - variant: which variant of the weights.
    ///   - height: of pictures, in pixels, for the estimates; `nil` is the checkpoint's own.
    ///   - width: as `height`.
    /// - Throws: ``ModelError`` if the folder is neither.
    public init(folder: URL, variant: String? = nil, height: Int? = nil, width: Int? = nil) throws {
        path = folder.path
        var parts = Parts()
        guard FileManager.default.fileExists(atPath: folder.appending(path: "model_index.json").path) else {
            components = [Self.inspect(folder, folder.lastPathComponent, variant, &parts)]
            parameters = components[0].parameters
            return
        }
        let index = try PipelineIndex(folder: folder)
        pipeline = index.className
        for name in ["unet", "vae", "text_encoder", "text_encoder_2", "image_encoder"] {
            let isNeeded = ["unet", "vae", "text_encoder"].contains(name) || (index.isXL && name == "text_encoder_2")
            guard isNeeded || index.parts.contains(name) else { continue }
            components.append(Self.inspect(folder.appending(path: name), name, variant, &parts))
        }
        for name in index.isXL ? ["tokenizer", "tokenizer_2"] : ["tokenizer"] {
            var component = Component(name: name, className: "CLIPTokenizer")
            do { _ = try CLIPTokenizer(folder: folder.appending(path: name).path) } catch {
                component.fault = "\(error)"
            }
            components.append(component)
        }
        do {
            let samplers = try SamplingScheduler(
                path: folder.appending(path: "scheduler/scheduler_config.json").path, pipeline: index.className)
            (scheduler, prediction) = (samplers.method.className, samplers.ddim.prediction.rawValue)
        } catch {
            components.append(Component(name: "scheduler", fault: "\(error)"))
        }
        let unet = components.firstIndex { $0.name == "unet" }
        if let unet, let width = parts.unet?.contextWidth, parts.textWidth > 0, width != parts.textWidth {
            components[unet].fault =
                "\(folder.path): the unet attends to text of width \(width) (cross_attention_dim), the text encoders give "
                + "\(parts.textWidth) (hidden_size)"
        }
        parameters = components.reduce(0) { $0 + $1.parameters }
        family = Self.family(index, parts)
        if let unet = parts.unet, let vae = parts.vae {
            let own = unet.sampleSize ?? 64
            let size = SampleSize(
                height: height.map { max(1, $0 / vae.downsampling) } ?? own.height,
                width: width.map { max(1, $0 / vae.downsampling) } ?? own.width)
            memory = (try? ModelOutline(folder: folder, variant: variant)).map {
                MemoryFigures(MemoryEstimate($0), size: size)
            }
        }
    }

    fileprivate struct Parts {
        var unet: UNetConfiguration?
        var vae: VAEConfiguration?
        var text: CLIPTextConfiguration?
        /// Of all text encoders' states, side by side.
        var textWidth = 0
    }

    private static func family(_ index: PipelineIndex, _ parts: Parts) -> String {
        if index.isXL { return "Stable Diffusion XL" }
        // The second version has OpenCLIP's text encoder, which uses the exact GELU.
        return parts.text?.activation == "gelu" ? "Stable Diffusion 2" : "Stable Diffusion 1"
    }

    private static func inspect(_ folder: URL, _ name: String, _ variant: String?, _ parts: inout Parts) -> Component {
        var component = Component(name: name)
        do {
            let object =
                (try? JSONSerialization.jsonObject(
                    with: Data(contentsOf: folder.appending(path: "config.json")))) as? [String: Any] ?? [:]
            let architecture = (object["architectures"] as? [String])?.first
            component.className = object["_class_name"] as? String ?? architecture
            try component.look(at: ModelFolder(url: folder, variant: variant), &parts)
        } catch {
            component.fault = "\(error)"
        }
        return component
    }
}

extension CheckpointReport.Component {
    fileprivate mutating func look(at model: ModelFolder, _ parts: inout CheckpointReport.Parts) throws {
        let outline: ParameterStore
        let archive: SafeTensorsArchive
        var known: Set<String> = []
        switch className {
        case "UNet2DConditionModel":
            let configuration = try model.configuration(UNetConfiguration.self, options: UNetConfiguration.options)
            parts.unet = configuration
            archive = try count(model, "diffusion_pytorch_model")
            outline = ParameterStore(.outline(archive))
            _ = try UNet(configuration, outline.root)
        case "AutoencoderKL":
            let configuration = try model.configuration(VAEConfiguration.self, options: VAEConfiguration.options)
            parts.vae = configuration
            archive = try count(model, "diffusion_pytorch_model")
            outline = ParameterStore(.outline(archive))
            _ = try VAE(configuration, outline.root)
        case "CLIPTextModel", "CLIPTextModelWithProjection":
            var configuration = try model.configuration(CLIPTextConfiguration.self)
            parts.text = parts.text ?? configuration
            parts.textWidth += configuration.hiddenSize
            archive = try count(model, "model")
            configuration.hasProjection = className == "CLIPTextModelWithProjection"
            outline = ParameterStore(.outline(archive))
            known = ["embeddings.position_ids", "text_model.embeddings.position_ids"]
            _ = try CLIPTextEncoder(configuration, outline.root)
        case "CLIPVisionModelWithProjection", "CLIPVisionModel":
            let configuration = try model.configuration(CLIPVisionConfiguration.self)
            archive = try count(model, "model")
            outline = ParameterStore(.outline(archive))
            known = ["vision_model.embeddings.position_ids"]
            _ = try CLIPVisionEncoder(configuration, outline.root)
        case nil:
            throw ModelError(
                path: model.url.appending(path: "config.json").path,
                reason: "it is not a JSON object that names a class (_class_name or architectures)")
        default:
            throw ModelError(
                path: model.url.appending(path: "config.json").path,
                reason: "the class '\(className ?? "none")' is not supported")
        }
        let faults = outline.outlineFaults
        missing = faults.missing
        misshapen = faults.misshapen
        let taken = known.union(outline.parameters.map(\.path))
        unexpected = archive.keys.filter { !taken.contains($0) }
    }

    /// Opens the weights and counts them.
    private mutating func count(_ model: ModelFolder, _ name: String) throws -> SafeTensorsArchive {
        let archive = try model.archive(name)
        for key in archive.keys {
            let elements = (archive.shape(of: key) ?? []).reduce(1, *)
            elementTypes[archive.elementType(of: key) ?? "?", default: 0] += elements
            parameters += elements
        }
        files = Set(archive.keys.map { archive.file(holding: $0) }).sorted()
        return archive
    }
}
