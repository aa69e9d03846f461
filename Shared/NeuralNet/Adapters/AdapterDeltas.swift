import TensorCore

/// An adapter of one component that is merged into a checkpoint's weights while they are read.
///
/// A class and not `Sendable`: it notes what was merged, so that nothing of an adapter is lost without a word.
public final class AdapterDeltas {
    /// What the adapter does to weights.
    private enum Change {
        /// Adds low-rank updates, by the layer's path.
        case updates([String: LoRAModule])
        /// Puts other values in their place.
        case values(SafeTensorsArchive)
    }

    private let change: Change
    private let factor: Float
    private let name: String
    private var merged: Set<String> = []

    /// - Parameters:
    ///   - modules: updates by the layer's path.
    ///   - factor: 1 for the whole adapter, 0 for none of it.
    ///   - name: what errors call the adapter.
    public init(_ modules: [String: LoRAModule], factor: Float = 1, name: String) {
        (change, self.factor, self.name) = (.updates(modules), factor, name)
    }

    /// - Parameters:
    ///   - values: of every parameter of the component, under the checkpoint's keys.
    ///   - factor: 1 for these values, 0 for the checkpoint's; between them it interpolates.
    ///   - name: what errors call the values.
    public init(replacingBy values: SafeTensorsArchive, factor: Float = 1, name: String) {
        (change, self.factor, self.name) = (.values(values), factor, name)
    }

    /// A parameter as the adapter changes it; one that it does not change as it is.
    ///
    /// - Throws: ``ParameterError`` naming the layer if the change has another shape than the parameter.
    public func merged(_ value: Tensor, path: String) throws(ParameterError) -> Tensor {
        switch change {
        case .updates(let modules): try updated(value, path, modules)
        case .values(let values): try replaced(value, path, values)
        }
    }

    private func replaced(_ value: Tensor, _ path: String, _ values: SafeTensorsArchive) throws(ParameterError)
        -> Tensor
    {
        guard let shape = values.shape(of: path), shape == value.shape else {
            throw ParameterError(
                path: name,
                reason: "tensor '\(path)' is not there in the shape \(value.shape): it belongs to another model")
        }
        let own: Tensor
        do {
            own = try values.tensor(named: path)
        } catch {
            throw ParameterError(path: name, reason: "\(error)")
        }
        merged.insert(path)
        return factor == 1 ? own : value.combined(1 - factor, own, factor)
    }

    private func updated(
        _ value: Tensor, _ path: String, _ modules: [String: LoRAModule]
    ) throws(ParameterError) -> Tensor {
        guard path.hasSuffix(".weight"), let key = Self.key(of: String(path.dropLast(".weight".count)), in: modules),
            let module = modules[key]
        else { return value }
        let needed = module.up.shape[0] * module.down.count / module.rank
        guard value.shape.count >= 2, value.shape[0] == module.up.shape[0], value.count == needed else {
            throw ParameterError(
                path: name,
                reason:
                    "layer '\(key)': the adapter's matrices \(module.down.shape) and \(module.up.shape) do not fit the "
                    + "weight \(value.shape): it belongs to another model")
        }
        merged.insert(key)
        return value.adding(module.delta(factor).reshaped(value.shape))
    }

    /// - Throws: ``ParameterError`` naming the first layer that the model does not have.
    public func requireAllMerged() throws(ParameterError) {
        let all =
            switch change {
            case .updates(let modules): Array(modules.keys)
            case .values(let values): values.keys
            }
        if let stray = all.filter({ !merged.contains($0) }).min() {
            throw ParameterError(path: name, reason: "layer '\(stray)': the model has no such layer for the adapter")
        }
    }

    /// The layer's path in the adapter: text encoders have `text_model.` in front or, since transformers 5, not.
    private static func key(of layer: String, in modules: [String: LoRAModule]) -> String? {
        let prefix = "text_model."
        let other = layer.hasPrefix(prefix) ? String(layer.dropFirst(prefix.count)) : prefix + layer
        return [layer, other].first { modules[$0] != nil }
    }
}
