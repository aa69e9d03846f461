import Autograd
import TensorCore

/// Where a model's parameters come from while it is built: a checkpoint, or fresh random numbers.
///
/// Holds every parameter and every LoRA update that was asked for, under its path. Not `Sendable`: it shares variables
/// with the model, and one actor owns both.
public final class ParameterStore {
    /// What a missing value is.
    public enum Source {
        /// Values of a checkpoint; frozen unless `trainable`.
        case archive(SafeTensorsArchive, trainable: Bool)
        /// Values drawn anew; trainable.
        case random(seed: UInt64)
        /// No values: what is asked for is compared with a checkpoint, and all that differs is noted, not thrown.
        case outline(SafeTensorsArchive)
    }

    let source: Source
    let lora: LoRAConfiguration?
    let adapterIsTrainable: Bool
    let precision: ComputePrecision
    private let deltas: AdapterDeltas?

    /// How activations between layers are stored: as bf16 where products are, unless a gradient is to come back.
    public var activations: ComputePrecision {
        if case .archive(_, trainable: false) = source, lora == nil || !adapterIsTrainable {
            return precision.supported
        }
        return .f32
    }

    /// All parameters of the model itself, in the order of construction.
    public private(set) var parameters: [(path: String, variable: Variable)] = []
    /// Where each path stands among them.
    private var places: [String: Int] = [:]

    /// What an outline's checkpoint lacks, and what it has in another shape or of no type of numbers.
    public private(set) var outlineFaults: (missing: [String], misshapen: [String]) = ([], [])

    /// All LoRA matrices, in the order of construction, under PEFT's names without its prefix.
    public private(set) var adapter: [(path: String, variable: Variable)] = []

    /// A store with no parameter yet.
    ///
    /// - Parameters:
    ///   - source: where values come from.
    ///   - lora: which modules get a low-rank update; `nil` gives none.
    ///   - adapterIsTrainable: whether the update takes gradients; a sampler only applies it.
    ///   - precision: of the products in linear and convolution layers; parameters, sums and updates stay f32.
    ///   - deltas: an adapter that is merged into the values of a checkpoint as they are read.
    public init(
        _ source: Source, lora: LoRAConfiguration? = nil, adapterIsTrainable: Bool = true,
        precision: ComputePrecision = .f32, deltas: AdapterDeltas? = nil
    ) {
        self.deltas = deltas
        self.source = source
        self.lora = lora
        self.adapterIsTrainable = adapterIsTrainable
        self.precision = precision
    }

    /// The scope from which a model takes its parameters.
    public var root: ParameterScope { ParameterScope(store: self, path: "") }

    fileprivate func parameter(
        _ path: String, shape: [Int], initial: Initialization
    ) throws -> Variable {
        // Layers that are stored as one ask for the same parameter.
        if let place = places[path] { return parameters[place].variable }
        let variable: Variable
        switch source {
        case .archive(let archive, let trainable):
            guard let found = archive.shape(of: path) else {
                throw ParameterError(path: path, reason: "missing in \(archive.path)")
            }
            guard Self.fits(found, shape) else {
                throw ParameterError(
                    path: path,
                    reason: "has shape \(found) in \(archive.path), the model's configuration asks for \(shape)")
            }
            let value = try archive.tensor(named: path).reshaped(shape)
            variable = Variable(try deltas?.merged(value, path: path) ?? value, requiresGradient: trainable)
        case .outline(let archive):
            if let found = archive.shape(of: path) {
                if let type = archive.elementType(of: path), !["F32", "F16", "BF16"].contains(type) {
                    outlineFaults.misshapen.append("'\(path)' holds \(type); F32, F16 or BF16 is needed")
                } else if !Self.fits(found, shape) {
                    outlineFaults.misshapen.append("'\(path)' has shape \(found), the configuration asks for \(shape)")
                }
            } else {
                outlineFaults.missing.append(path)
            }
            variable = Variable(Tensor(zeros: [0]))
        case .random(let seed):
            let noise = Noise(seed: seed, unit: UInt64(parameters.count), purpose: .parameters)
            variable = Variable(initial.tensor(shape: shape, noise: noise), requiresGradient: true)
        }
        places[path] = parameters.count
        parameters.append((path, variable))
        return variable
    }

    /// Linear layers stored as 1×1 convolutions (older checkpoints) have the same elements.
    private static func fits(_ found: [Int], _ shape: [Int]) -> Bool {
        found.reduce(1, *) == shape.reduce(1, *) && found.filter({ $0 != 1 }) == shape.filter({ $0 != 1 })
    }

    /// Refuses a checkpoint, or an adapter merged into it, that has more than the model took: it belongs to another one.
    ///
    /// - Parameter known: tensors that are no parameters.
    /// - Throws: ``ParameterError`` naming the first tensor that was not taken.
    public func requireAllTaken(except known: Set<String> = []) throws(ParameterError) {
        try deltas?.requireAllMerged()
        guard case .archive(let archive, _) = source else { return }
        let taken = known.union(parameters.map(\.path))
        if let stray = archive.keys.first(where: { !taken.contains($0) }) {
            throw ParameterError(
                path: archive.file(holding: stray),
                reason: "tensor '\(stray)': the model of this configuration has no place for it")
        }
    }

    fileprivate func addAdapter(_ path: String, _ variable: Variable) { adapter.append((path, variable)) }
}

/// How a fresh parameter starts.
public enum Initialization: Hashable, Sendable {
    case zeros
    case ones
    case gaussian(deviation: Float)
    /// Uniform in ±1/√fanIn: PyTorch's default for linear and convolution layers.
    case fanIn(Int)

    func tensor(shape: [Int], noise: Noise) -> Tensor {
        switch self {
        case .zeros: Tensor(zeros: shape)
        case .ones: Tensor(repeating: 1, shape: shape)
        case .gaussian(let deviation): noise.gaussian(shape: shape).scaled(deviation)
        case .fanIn(let width):
            noise.uniform(shape: shape).combined(
                2 / Float(width).squareRoot(), Tensor(repeating: 1 / Float(width).squareRoot(), shape: shape), -1)
        }
    }
}

/// A place in a model's tree: layers take their weights from it, the path is the key in the checkpoint.
public struct ParameterScope {
    let store: ParameterStore
    /// The path from the root, for instance `down_blocks.0.resnets.1`.
    public let path: String

    /// How a model stores its activations between layers.
    public var activations: ComputePrecision { store.activations }

    /// The scope of a child.
    public subscript(_ name: String) -> ParameterScope {
        ParameterScope(store: store, path: path.isEmpty ? name : "\(path).\(name)")
    }

    public subscript(_ name: String, _ index: Int) -> ParameterScope { self[name]["\(index)"] }

    /// Takes the parameter `name` of this scope from the source and enters it into the store.
    ///
    /// - Throws: ``ParameterError`` if the checkpoint has no such tensor or one of another shape; errors of the file.
    public func parameter(_ name: String, shape: [Int], initial: Initialization) throws -> Variable {
        try store.parameter(self[name].path, shape: shape, initial: initial)
    }

    /// Whether the source has this parameter: for models whose variants differ in a key.
    public func has(_ name: String) -> Bool {
        switch store.source {
        case .archive(let archive, _), .outline(let archive): archive.shape(of: self[name].path) != nil
        case .random: true
        }
    }

    /// The shape of a parameter in the checkpoint; `nil` if it is not there, or there is no checkpoint.
    public func shape(of name: String) -> [Int]? {
        switch store.source {
        case .archive(let archive, _), .outline(let archive): archive.shape(of: self[name].path)
        case .random: nil
        }
    }

    /// The scope of the child `name`, or of `other` where only that one has a weight.
    public func either(_ name: String, _ other: String) -> ParameterScope {
        !self[name].has("weight") && self[other].has("weight") ? self[other] : self[name]
    }

    /// The low-rank update of the layer at this scope, or `nil` if the configuration does not target it.
    ///
    /// `kernel` is that of a convolution, `nil` for a linear layer.
    func lora(inputs: Int, outputs: Int, kernel: Int? = nil) -> LowRankUpdate? {
        guard let configuration = store.lora, configuration.targets(path) else { return nil }
        let update = LowRankUpdate(
            inputs: inputs, outputs: outputs, kernel: kernel, configuration: configuration,
            index: UInt64(store.adapter.count),
            isTrainable: store.adapterIsTrainable)
        store.addAdapter("\(path).lora_A.weight", update.down)
        store.addAdapter("\(path).lora_B.weight", update.up)
        return update
    }
}
