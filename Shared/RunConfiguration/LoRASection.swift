/// The adapter: y = Wx + (alpha / rank)·B(Ax) on the layers named.
public struct LoRASection: Codable, Hashable, Sendable {
    public var rank = 4
    public var alpha = 4.0
    /// Last components of the names of the layers that are adapted.
    public var targets = ["to_q", "to_k", "to_v", "to_out.0"]

    public init() {}

    func validate() throws(ConfigurationError) {
        try requirePositive(rank, "lora.rank")
        try requirePositive(alpha, "lora.alpha")
        guard !targets.isEmpty else { throw ConfigurationError(path: "lora.targets", "no layer is adapted") }
    }
}
