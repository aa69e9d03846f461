import TensorCore

/// An adapter of one component that is merged into a checkpoint's weights while they are read.
///
/// A class and not `Sendable`: it notes what was merged, so that nothing of an adapter is lost without a word.
public final class AdapterDeltas {
    private let modules: [String: LoRAModule]
    private let factor: Float
    private let name: String
    private var merged: Set<String> = []

    /// - Parameters:
    ///   - modules: updates by the layer's path.
    ///   - factor: 1 for the whole adapter, 0 for none of it.
    ///   - name: what errors call the adapter.
    public init(_ modules: [String: LoRAModule], factor: Float = 1, name: String) {
        (self.modules, self.factor, self.name) = (modules, factor, name)
    }

    /// A weight with its update; any other parameter as it is.
    ///
    /// - Throws: ``ParameterError`` naming the layer if the update has another shape than the weight.
    public func merged(_ value: Tensor, path: String) throws(ParameterError) -> Tensor {
        guard path.hasSuffix(".weight"), let key = key(of: String(path.dropLast(".weight".count))),
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
        if let stray = modules.keys.filter({ !merged.contains($0) }).min() {
            throw ParameterError(path: name, reason: "layer '\(stray)': the model has no such layer for the adapter")
        }
    }

    /// The layer's path in the adapter: text encoders have `text_model.` in front or, since transformers 5, not.
    private func key(of layer: String) -> String? {
        let prefix = "text_model."
        let other = layer.hasPrefix(prefix) ? String(layer.dropFirst(prefix.count)) : prefix + layer
        return [layer, other].first { modules[$0] != nil }
    }
}
