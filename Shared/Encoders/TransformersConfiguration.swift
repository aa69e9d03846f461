import TensorCore

/// A tower's options in transformers' `config.json`: read over the defaults of its class, written in full.
public protocol TransformersConfiguration: Codable, Hashable, Sendable {
    /// The tower of a file that names nothing.
    init()
    var modelType: String { get set }
    /// The values of `model_type` that are supported, the default first.
    static var modelTypes: [String] { get }
    /// All options but `model_type`.
    static var options: [ConfigurationOption<Self>] { get }

    /// Takes over transformers' defaults where they depend on the `model_type`.
    mutating func applyDefaults()

    /// Settles what follows from several options, and refuses what cannot be built.
    mutating func settle() throws(ConfigurationError)
}

extension TransformersConfiguration {
    public mutating func applyDefaults() {}
    public mutating func settle() throws(ConfigurationError) {}

    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: OptionName.self)
        self.init()
        modelType = try keys.decodeIfPresent(String.self, forKey: .modelType) ?? modelType
        guard Self.modelTypes.contains(modelType) else {
            throw ConfigurationError(
                key: OptionName.modelType.stringValue,
                reason: "'\(modelType)' is not supported here (\(Self.modelTypes.joined(separator: ", ")))")
        }
        applyDefaults()
        for option in Self.options { try option.read(&self, keys) }
        try settle()
    }

    public func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: OptionName.self)
        try keys.encode(modelType, forKey: .modelType)
        for option in Self.options { try option.write(self, &keys) }
    }
}

/// What the towers that are transformers have in common.
public protocol TransformerConfiguration: TransformersConfiguration {
    var hiddenSize: Int { get set }
    var intermediateSize: Int { get set }
    var layers: Int { get set }
    var heads: Int { get set }
    var layerNormEpsilon: Float { get set }
    var activation: String { get set }
}

extension TransformerConfiguration {
    static var towerOptions: [ConfigurationOption<Self>] {
        [
            .init("hidden_size", \.hiddenSize), .init("intermediate_size", \.intermediateSize),
            .init("num_hidden_layers", \.layers), .init("num_attention_heads", \.heads),
            .init("layer_norm_eps", \.layerNormEpsilon), .init("hidden_act", \.activation),
        ]
    }

    var tower: TransformerTower {
        get throws(ConfigurationError) {
            TransformerTower(
                width: hiddenSize, intermediateWidth: intermediateSize, layers: layers, heads: heads,
                epsilon: layerNormEpsilon, activation: try Activation(transformersName: activation))
        }
    }
}

/// What the towers that cut pictures into patches have in common.
public protocol PatchConfiguration: TransformerConfiguration {
    var channels: Int { get set }
    var imageSize: Int { get set }
    var patchSize: Int { get set }
}

extension PatchConfiguration {
    static var patchOptions: [ConfigurationOption<Self>] {
        [.init("num_channels", \.channels), .init("image_size", \.imageSize), .init("patch_size", \.patchSize)]
    }

    var grid: VisionTransformer.Grid {
        VisionTransformer.Grid(channels: channels, imageSize: imageSize, patchSize: patchSize)
    }

    public mutating func settle() throws(ConfigurationError) { try grid.check() }
}

/// An option of `config.json`, and the property that holds it.
public struct ConfigurationOption<Configuration> {
    let read: (inout Configuration, KeyedDecodingContainer<OptionName>) throws -> Void
    let write: (Configuration, inout KeyedEncodingContainer<OptionName>) throws -> Void

    init<Value: Codable>(_ name: OptionName, _ property: WritableKeyPath<Configuration, Value>) {
        read = { configuration, keys in
            guard let value = try keys.decodeIfPresent(Value.self, forKey: name) else { return }
            configuration[keyPath: property] = value
        }
        write = { try $1.encode($0[keyPath: property], forKey: name) }
    }

    /// An option that may be without a value.
    init<Value: Codable>(_ name: OptionName, _ property: WritableKeyPath<Configuration, Value?>) {
        read = { configuration, keys in
            guard let value = try keys.decodeIfPresent(Value.self, forKey: name) else { return }
            configuration[keyPath: property] = value
        }
        write = { try $1.encodeIfPresent($0[keyPath: property], forKey: name) }
    }
}

/// The name of an option.
struct OptionName: CodingKey, ExpressibleByStringLiteral {
    static let modelType: Self = "model_type"

    let stringValue: String
    var intValue: Int? { nil }

    init(stringLiteral text: String) { stringValue = text }
    init(stringValue text: String) { stringValue = text }
    init?(intValue: Int) { nil }
}
