public import Foundation
import NeuralNet
import TensorCore

/// What of a checkpoint decides how much memory it takes, read from configurations and headers: no weights are read.
public struct ModelOutline: Sendable {
    public var unet: UNetConfiguration
    public var vae: VAEConfiguration
    public var unetParameters: Int
    /// Of all text encoders.
    public var textParameters: Int

    public init(unet: UNetConfiguration, vae: VAEConfiguration, unetParameters: Int, textParameters: Int) {
        self.unet = unet
        self.vae = vae
        self.unetParameters = unetParameters
        self.textParameters = textParameters
    }

    /// Looks at a pipeline's folder.
    ///
    /// - Throws: ``ModelError`` and errors of the parts, each naming the file.
    public init(folder: URL, variant: String? = nil) throws {
        let index = try PipelineIndex(folder: folder)
        func part(_ name: String) -> ModelFolder { ModelFolder(url: folder.appending(path: name), variant: variant) }
        unet = try part("unet").configuration(UNetConfiguration.self, options: UNetConfiguration.options)
        vae = try part("vae").configuration(VAEConfiguration.self, options: VAEConfiguration.options)
        unetParameters = try Self.count(part("unet"), "diffusion_pytorch_model")
        let encoders = ["text_encoder"] + (index.isXL ? ["text_encoder_2"] : [])
        textParameters = try encoders.reduce(0) { try $0 + Self.count(part($1), "model") }
    }

    /// Looks at the folder of a UNet alone.
    public init(unet folder: URL, variant: String? = nil) throws {
        let part = ModelFolder(url: folder, variant: variant)
        self.init(
            unet: try part.configuration(UNetConfiguration.self, options: UNetConfiguration.options),
            vae: VAEConfiguration(), unetParameters: try Self.count(part, "diffusion_pytorch_model"), textParameters: 0)
    }

    /// Looks at the folder of an auto-encoder alone.
    public init(vae folder: URL, variant: String? = nil) throws {
        let part = ModelFolder(url: folder, variant: variant)
        self.init(
            unet: UNetConfiguration(),
            vae: try part.configuration(VAEConfiguration.self, options: VAEConfiguration.options), unetParameters: 0,
            textParameters: 0)
    }

    private static func count(_ part: ModelFolder, _ name: String) throws -> Int {
        let archive = try part.archive(name)
        return archive.keys.reduce(0) { $0 + (archive.shape(of: $1) ?? []).reduce(1, *) }
    }

    /// The size of the UNet's own samples.
    public var size: SampleSize { unet.sampleSize ?? 64 }
}
