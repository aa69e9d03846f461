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
    /// Bytes of one element in the UNet's file.
    public var unetStored: Int
    /// Bytes of one element in the auto-encoder's file.
    public var vaeStored: Int

    /// Looks at a pipeline's folder.
    ///
    /// - Throws: ``ModelError`` and errors of the parts, each naming the file.
    public init(folder: URL, variant: String? = nil) throws {
        let index = try PipelineIndex(folder: folder)
        func part(_ name: String) -> ModelFolder { ModelFolder(url: folder.appending(path: name), variant: variant) }
        unet = try part("unet").configuration(UNetConfiguration.self, options: UNetConfiguration.options)
        vae = try part("vae").configuration(VAEConfiguration.self, options: VAEConfiguration.options)
        (unetParameters, unetStored) = try Self.count(part("unet"), "diffusion_pytorch_model")
        (_, vaeStored) = try Self.count(part("vae"), "diffusion_pytorch_model")
        let encoders = ["text_encoder"] + (index.isXL ? ["text_encoder_2"] : [])
        textParameters = try encoders.reduce(0) { try $0 + Self.count(part($1), "model").parameters }
    }

    /// Looks at the folder of a UNet alone.
    public init(unet folder: URL, variant: String? = nil) throws {
        let part = ModelFolder(url: folder, variant: variant)
        unet = try part.configuration(UNetConfiguration.self, options: UNetConfiguration.options)
        (unetParameters, unetStored) = try Self.count(part, "diffusion_pytorch_model")
        (vae, vaeStored, textParameters) = (VAEConfiguration(), 0, 0)
    }

    /// Looks at the folder of an auto-encoder alone.
    public init(vae folder: URL, variant: String? = nil) throws {
        let part = ModelFolder(url: folder, variant: variant)
        vae = try part.configuration(VAEConfiguration.self, options: VAEConfiguration.options)
        (_, vaeStored) = try Self.count(part, "diffusion_pytorch_model")
        (unet, unetParameters, unetStored, textParameters) = (UNetConfiguration(), 0, 0, 0)
    }

    /// The elements of a part's file, and the bytes of one.
    private static func count(_ part: ModelFolder, _ name: String) throws -> (parameters: Int, stored: Int) {
        let archive = try part.archive(name)
        let parameters = archive.keys.reduce(0) { $0 + (archive.shape(of: $1) ?? []).reduce(1, *) }
        return (parameters, archive.keys.contains { archive.elementType(of: $0) == "F32" } ? 4 : 2)
    }

    /// The size of the UNet's own samples.
    public var size: SampleSize { unet.sampleSize ?? 64 }
}
