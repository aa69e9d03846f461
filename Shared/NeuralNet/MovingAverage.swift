import Autograd
import TensorCore

/// An exponential moving average of parameters, whose values sample better than the last step's.
public final class MovingAverage {
    private let parameters: [(path: String, variable: Variable)]
    public private(set) var values: [String: Tensor]
    private var updates = 0
    private let decay: Double

    public init(_ parameters: [(path: String, variable: Variable)], decay: Double) {
        self.parameters = parameters
        self.decay = decay
        values = Dictionary(uniqueKeysWithValues: parameters.map { ($0.path, $0.variable.value) })
    }

    /// Moves towards the parameters' values; the first updates move faster, so that the random start is forgotten.
    public func update() {
        updates += 1
        let rate = Float(1 - min(decay, Double(1 + updates) / Double(10 + updates)))
        for (path, variable) in parameters {
            guard let old = values[path] else { continue }
            values[path] = old.combined(1 - rate, variable.value, rate)
        }
    }

    public func restore(_ values: [String: Tensor], updates: Int) {
        self.values.merge(values) { $1 }
        self.updates = updates
    }
}
