import Autograd
import Foundation
import TensorCore

/// A LoRA adapter as a value: its configuration and its matrices, in PEFT's file format.
public struct Adapter: Sendable {
    public var configuration: LoRAConfiguration
    /// Matrices under the model's own paths, for instance `mid_block.attentions.0….to_q.lora_A.weight`.
    public var matrices: [String: Tensor]

    private static let prefix = PEFTConfiguration.prefix
    private static let weightsName = AdapterSet.peftWeights
    private static let configurationName = AdapterSet.peftConfiguration

    /// The present values of a model's adapter.
    public init(_ configuration: LoRAConfiguration, _ parameters: [(path: String, variable: Variable)]) {
        self.configuration = configuration
        matrices = Dictionary(uniqueKeysWithValues: parameters.map { ($0.path, $0.variable.value) })
    }

    /// Reads `adapter_config.json` and `adapter_model.safetensors`.
    ///
    /// - Throws: ``ParameterError`` naming the file.
    public init(folder: URL) throws {
        let file = folder.appending(path: Self.configurationName)
        configuration = try PEFTConfiguration(folder: folder).lora(path: file.path)
        let archive = try SafeTensorsFile(path: folder.appending(path: Self.weightsName).path)
        matrices = try Self.matrices(of: archive)
    }

    /// Reads the bytes of `adapter_model.safetensors`.
    public init(_ configuration: LoRAConfiguration, weights: [UInt8], name: String) throws {
        self.configuration = configuration
        matrices = try Self.matrices(of: SafeTensorsFile(bytes: weights, name: name))
    }

    private static func matrices(of archive: SafeTensorsFile) throws -> [String: Tensor] {
        var matrices: [String: Tensor] = [:]
        for key in archive.keys {
            let path = key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key
            matrices[path] = try archive.tensor(named: key)
        }
        return matrices
    }

    /// The bytes of `adapter_model.safetensors`: the same for the same values.
    public func weights() -> [UInt8] {
        let named = matrices.map { (Self.prefix + $0.key, $0.value) }
        return SafeTensorsWriter().encode(Dictionary(uniqueKeysWithValues: named))
    }

    /// Writes the two files into an existing folder.
    public func write(to folder: URL) throws {
        let named = matrices.map { (Self.prefix + $0.key, $0.value) }
        try SafeTensorsWriter().write(
            Dictionary(uniqueKeysWithValues: named), to: folder.appending(path: Self.weightsName).path)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(PEFTConfiguration(configuration)).write(
            to: folder.appending(path: Self.configurationName), options: .atomic)
    }

    /// Binds the matrices to a model's adapter; all or nothing.
    ///
    /// - Returns: the number of modules bound.
    /// - Throws: ``ParameterError`` if a matrix is missing, has no place, or has another shape.
    @discardableResult
    public func load(into parameters: [(path: String, variable: Variable)]) throws -> Int {
        try ParameterStore.bind(matrices, to: parameters, from: "adapter")
        return parameters.count / 2
    }
}
