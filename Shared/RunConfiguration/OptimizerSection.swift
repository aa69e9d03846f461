/// AdamW on the adapter's parameters.
public struct OptimizerSection: Codable, Hashable, Sendable {
    public var learningRate = 3e-4
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    public var weightDecay = 1e-4
    /// The gradient is scaled down to this norm.
    public var gradientNormLimit = 1.0

    public init() {}

    func validate() throws(ConfigurationError) {
        try requirePositive(learningRate, "optimizer.learningRate")
    }
}
