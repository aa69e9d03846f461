import Autograd
import TensorCore

/// What of a network is trained.
public enum TrainedPart: Hashable, Sendable {
    /// A low-rank update of some layers, whose own weights stay as they are.
    case lora(LoRAConfiguration)
    /// Every parameter.
    case network

    /// The update, where that is what is trained.
    public var lora: LoRAConfiguration? {
        if case .lora(let configuration) = self { configuration } else { nil }
    }
}

extension ParameterStore {
    /// The parameters that are trained, and travel, under their paths.
    public func trained(_ part: TrainedPart?) -> [(path: String, variable: Variable)] {
        part == .network ? parameters : adapter
    }

    /// Gives parameters the values of their paths; all or nothing.
    ///
    /// - Parameters:
    ///   - values: by path.
    ///   - parameters: the parameters.
    ///   - origin: what errors call the place of the values.
    /// - Throws: ``ParameterError`` if a value is missing, has no place, or has another shape.
    public static func bind(
        _ values: [String: Tensor], to parameters: [(path: String, variable: Variable)], from origin: String
    ) throws(ParameterError) {
        for (path, variable) in parameters {
            guard let value = values[path] else {
                throw ParameterError(path: path, reason: "missing in the \(origin)")
            }
            guard value.shape == variable.shape else {
                throw ParameterError(
                    path: path, reason: "has shape \(value.shape) in the \(origin), the model needs \(variable.shape)")
            }
        }
        let known = Set(parameters.map(\.path))
        if let stray = values.keys.filter({ !known.contains($0) }).min() {
            throw ParameterError(path: stray, reason: "the model has no such layer for the \(origin)")
        }
        for (path, variable) in parameters {
            if let value = values[path] { variable.value = value }
        }
    }
}
