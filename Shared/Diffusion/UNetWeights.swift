import Autograd
public import Foundation
import NeuralNet
public import TensorCore

/// All parameters of a UNet as a value, in diffusers' files: the folder `unet` with `config.json` and the weights.
public struct UNetWeights: Sendable {
    /// Under the checkpoint's keys.
    public let parameters: [String: Tensor]

    /// The folder within a checkpoint.
    static let folder = AdapterComponent.unet.rawValue
    /// The file of the weights, without its ending.
    static let file = "diffusion_pytorch_model"

    /// The present values.
    public init(_ parameters: [(path: String, variable: Variable)]) {
        self.parameters = Dictionary(uniqueKeysWithValues: parameters.map { ($0.path, $0.variable.value) })
    }

    /// Reads the folder `unet` of a checkpoint.
    ///
    /// - Throws: errors that name the file.
    public init(checkpoint: URL) throws {
        let archive = try SafeTensorsArchive(folder: checkpoint.appending(path: Self.folder).path, name: Self.file)
        parameters = try Dictionary(uniqueKeysWithValues: archive.keys.map { ($0, try archive.tensor(named: $0)) })
    }

    /// Reads the bytes of `diffusion_pytorch_model.safetensors`.
    public init(bytes: [UInt8], name: String) throws {
        let file = try SafeTensorsFile(bytes: bytes, name: name)
        parameters = try Dictionary(uniqueKeysWithValues: file.keys.map { ($0, try file.tensor(named: $0)) })
    }

    /// The bytes of `diffusion_pytorch_model.safetensors`, f32: the same for the same values.
    public func bytes() -> [UInt8] { SafeTensorsWriter().encode(parameters) }

    /// Writes the folder `unet` into a checkpoint.
    ///
    /// - Parameters:
    ///   - checkpoint: a folder that exists.
    ///   - configuration: the file `config.json` of the UNet.
    /// - Throws: errors that name the file.
    public func write(to checkpoint: URL, configuration: URL) throws {
        let folder = checkpoint.appending(path: Self.folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(contentsOf: configuration).write(to: folder.appending(path: "config.json"))
        try SafeTensorsWriter().write(parameters, to: folder.appending(path: "\(Self.file).safetensors").path)
    }
}
