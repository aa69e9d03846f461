import Autograd
import Foundation
import TensorCore

/// A LoRA adapter as a value: its configuration and its matrices, in PEFT's file format.
public struct Adapter: Sendable {
    public var configuration: LoRAConfiguration
    /// Matrices under the model's own paths, for instance `mid_block.attentions.0….to_q.lora_A.weight`.
    public var matrices: [String: Tensor]

    /// PEFT saves the wrapped model, so its keys begin with the wrappers' names.
    private static let prefix = "base_model.model."
    private static let weightsName = "adapter_model.safetensors"
    private static let configurationName = "adapter_config.json"

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
        guard let data = try? Data(contentsOf: file) else {
            throw ParameterError(path: file.path, reason: "cannot be read; an adapter in PEFT's form is needed")
        }
        let stored: PEFTConfiguration
        do { stored = try JSONDecoder().decode(PEFTConfiguration.self, from: data) } catch {
            throw ParameterError(path: file.path, reason: "is not a LoRA configuration of PEFT: \(error)")
        }
        configuration = try stored.lora(path: file.path)
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
        for (path, variable) in parameters {
            guard let matrix = matrices[path] else {
                throw ParameterError(path: path, reason: "missing in the adapter")
            }
            guard matrix.shape == variable.shape else {
                throw ParameterError(
                    path: path, reason: "has shape \(matrix.shape) in the adapter, the model needs \(variable.shape)")
            }
        }
        let known = Set(parameters.map(\.path))
        if let stray = matrices.keys.filter({ !known.contains($0) }).min() {
            throw ParameterError(path: stray, reason: "the model has no such layer for the adapter")
        }
        for (path, variable) in parameters {
            if let matrix = matrices[path] { variable.value = matrix }
        }
        return parameters.count / 2
    }
}

/// `adapter_config.json`, as far as it concerns LoRA.
private struct PEFTConfiguration: Codable {
    var peftType = "LORA"
    var rank: Int
    var alpha: Float
    var targetModules: Targets
    var bias = "none"
    var dropout: Float = 0
    var usesRankStabilised = false
    var usesDoRA = false
    var inferenceMode = true

    /// A list of names, or one expression, which is refused.
    enum Targets: Codable {
        case names([String])
        case expression(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let names = try? container.decode([String].self) {
                self = .names(names)
            } else {
                self = .expression(try container.decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .names(let names): try container.encode(names)
            case .expression(let expression): try container.encode(expression)
            }
        }
    }

    enum CodingKeys: String, CodingKey {
        case peftType = "peft_type"
        case rank = "r"
        case alpha = "lora_alpha"
        case targetModules = "target_modules"
        case bias
        case dropout = "lora_dropout"
        case usesRankStabilised = "use_rslora"
        case usesDoRA = "use_dora"
        case inferenceMode = "inference_mode"
    }

    init(_ configuration: LoRAConfiguration) {
        rank = configuration.rank
        alpha = configuration.alpha
        targetModules = .names(configuration.targetModules)
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        peftType = try keys.decode(String.self, forKey: .peftType)
        rank = try keys.decode(Int.self, forKey: .rank)
        alpha = try keys.decode(Float.self, forKey: .alpha)
        targetModules = try keys.decode(Targets.self, forKey: .targetModules)
        bias = try keys.decodeIfPresent(String.self, forKey: .bias) ?? bias
        usesRankStabilised = try keys.decodeIfPresent(Bool.self, forKey: .usesRankStabilised) ?? false
        usesDoRA = try keys.decodeIfPresent(Bool.self, forKey: .usesDoRA) ?? false
    }

    func lora(path: String) throws -> LoRAConfiguration {
        func refuse(_ reason: String) -> ParameterError { ParameterError(path: path, reason: reason) }
        guard peftType == "LORA" else { throw refuse("peft_type '\(peftType)' is not supported, only LORA") }
        guard rank > 0 else { throw refuse("r must be positive, not \(rank)") }
        guard bias == "none" else { throw refuse("bias '\(bias)' is not supported, only none") }
        guard !usesDoRA else { throw refuse("use_dora is not supported") }
        guard case .names(let names) = targetModules else {
            throw refuse("target_modules must be a list of names, not an expression")
        }
        var configuration = LoRAConfiguration()
        configuration.rank = rank
        // Rank-stabilised LoRA divides by √rank instead of the rank (Kalajdzievski 2023).
        configuration.alpha = usesRankStabilised ? alpha * Float(rank).squareRoot() : alpha
        configuration.targetModules = names
        return configuration
    }
}
