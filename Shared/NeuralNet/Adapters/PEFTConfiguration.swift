import Foundation
import TensorCore

/// `adapter_config.json`, as far as it concerns LoRA.
struct PEFTConfiguration: Codable {
    /// PEFT saves the wrapped model, so its keys begin with the wrappers' names.
    static let prefix = "base_model.model."

    var peftType = "LORA"
    var rank: Int
    var alpha: Float
    var targetModules: Targets
    var bias = "none"
    var dropout: Float = 0
    var usesRankStabilised = false
    var usesDoRA = false
    var inferenceMode = true
    /// Ranks and alphas of layers that differ from the rest, by path or expression.
    var rankPattern: [String: Int] = [:]
    var alphaPattern: [String: Float] = [:]

    /// A list of names, or one expression.
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
        case rankPattern = "rank_pattern"
        case alphaPattern = "alpha_pattern"
    }

    init(_ configuration: LoRAConfiguration) {
        rank = configuration.rank
        alpha = configuration.alpha
        targetModules = .names(configuration.targetModules)
    }

    /// The configuration of given layers; what most of them have is the rule, the others are exceptions by path.
    init(_ modules: [String: LoRAModule], targetModules names: [String]?) {
        var counts: [[Float]: Int] = [:]
        for module in modules.values { counts[[Float(module.rank), module.alpha], default: 0] += 1 }
        let most = counts.max { ($0.value, $1.key[0]) < ($1.value, $0.key[0]) }?.key ?? [1, 1]
        (rank, alpha) = (Int(most[0]), most[1])
        for (path, module) in modules {
            if module.rank != rank { rankPattern[path] = module.rank }
            if module.alpha != alpha { alphaPattern[path] = module.alpha }
        }
        targetModules = .names(names ?? modules.keys.sorted())
    }

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        peftType = try keys.decodeIfPresent(String.self, forKey: .peftType) ?? peftType
        rank = try keys.decode(Int.self, forKey: .rank)
        alpha = try keys.decode(Float.self, forKey: .alpha)
        targetModules = try keys.decodeIfPresent(Targets.self, forKey: .targetModules) ?? .names([])
        bias = try keys.decodeIfPresent(String.self, forKey: .bias) ?? bias
        usesRankStabilised = try keys.decodeIfPresent(Bool.self, forKey: .usesRankStabilised) ?? false
        usesDoRA = try keys.decodeIfPresent(Bool.self, forKey: .usesDoRA) ?? false
        rankPattern = try keys.decodeIfPresent([String: Int].self, forKey: .rankPattern) ?? [:]
        alphaPattern = try keys.decodeIfPresent([String: Float].self, forKey: .alphaPattern) ?? [:]
    }

    /// Reads a folder's `adapter_config.json`.
    ///
    /// - Throws: ``ParameterError`` naming the file and the option that is not supported.
    init(folder: URL) throws(ParameterError) {
        let file = folder.appending(path: AdapterSet.peftConfiguration)
        guard let data = try? Data(contentsOf: file) else {
            throw ParameterError(path: file.path, reason: "cannot be read; an adapter in PEFT's form is needed")
        }
        self = try Self.read(data, path: file.path)
    }

    /// Reads what diffusers notes of a component in a file's header; `nil` if there is nothing.
    init?(metadata file: SafeTensorsFile, component: AdapterComponent) throws(ParameterError) {
        guard let text = file.metadata["lora_adapter_metadata"] else { return nil }
        let object = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        let prefix = "\(component.rawValue)."
        let own = object.filter { $0.key.hasPrefix(prefix) }
        guard !own.isEmpty else { return nil }
        let plain = Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
        guard let data = try? JSONSerialization.data(withJSONObject: plain) else { return nil }
        self = try Self.read(data, path: "\(file.path) (lora_adapter_metadata)")
    }

    private static func read(_ data: Data, path: String) throws(ParameterError) -> PEFTConfiguration {
        let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
        // First, because another kind of adapter has other options as well.
        if let type = object[CodingKeys.peftType.rawValue] as? String, type != "LORA" {
            throw ParameterError(path: path, reason: "peft_type '\(type)' is not supported, only LORA")
        }
        let configuration: PEFTConfiguration
        do { configuration = try JSONDecoder().decode(PEFTConfiguration.self, from: data) } catch {
            throw ParameterError(path: path, reason: "is not a LoRA configuration of PEFT: \(error)")
        }
        func refuse(_ reason: String) -> ParameterError { ParameterError(path: path, reason: reason) }
        guard configuration.rank > 0 else { throw refuse("r must be positive, not \(configuration.rank)") }
        guard configuration.bias == "none" else {
            throw refuse("bias '\(configuration.bias)' is not supported, only none")
        }
        guard !configuration.usesDoRA else { throw refuse("use_dora is not supported") }
        if let start = object["init_lora_weights"] as? String, !["gaussian", "eva", "orthogonal"].contains(start) {
            throw refuse("init_lora_weights '\(start)' is not supported: it changes the base model's weights")
        }
        for (key, value) in object.sorted(by: { $0.key < $1.key }) where Self.refused.contains(key) {
            guard Self.isNothing(value) else { throw refuse("\(key) is not supported") }
        }
        return configuration
    }

    /// Options of PEFT that change what an adapter does, and are not done here.
    private static let refused: Set = [
        "fan_in_fan_out", "lora_bias", "modules_to_save", "layer_replication", "target_parameters",
        "trainable_token_indices", "use_bdlora", "use_qalora", "kasa_config", "velora_config", "monteclora_config",
        "alora_invocation_tokens", "arrow_config", "megatron_config",
    ]

    private static func isNothing(_ value: Any) -> Bool {
        if let list = value as? [Any] { return list.isEmpty }
        if let object = value as? [String: Any] { return object.isEmpty }
        return value is NSNull || (value as? NSNumber)?.boolValue == false
    }

    /// The names of the targets, unless they are an expression.
    var targetNames: [String]? {
        if case .names(let names) = targetModules, !names.isEmpty { names } else { nil }
    }

    /// The alpha of a layer whose matrices have a rank, by the pattern that matches the end of its path.
    func alpha(of layer: String, rank: Int) -> Float {
        let own =
            alphaPattern.first { pattern, _ in
                layer == pattern || layer.hasSuffix(".\(pattern)") || Self.matches(layer, pattern)
            }?.value ?? alpha
        // Rank-stabilised LoRA divides by √rank instead of the rank (Kalajdzievski 2023).
        return usesRankStabilised ? own * Float(rank).squareRoot() : own
    }

    private static func matches(_ layer: String, _ pattern: String) -> Bool {
        guard let expression = try? Regex("(.*\\.)?(\(pattern))") else { return false }
        return (try? expression.wholeMatch(in: layer)) != nil
    }

    /// The configuration for training: one rank and one alpha for all layers.
    func lora(path: String) throws(ParameterError) -> LoRAConfiguration {
        func refuse(_ reason: String) -> ParameterError { ParameterError(path: path, reason: reason) }
        guard case .names(let names) = targetModules else {
            throw refuse("target_modules must be a list of names, not an expression")
        }
        guard rankPattern.isEmpty, alphaPattern.isEmpty else {
            throw refuse("rank_pattern and alpha_pattern are not supported for training")
        }
        var configuration = LoRAConfiguration()
        configuration.rank = rank
        configuration.alpha = usesRankStabilised ? alpha * Float(rank).squareRoot() : alpha
        configuration.targetModules = names
        return configuration
    }
}
