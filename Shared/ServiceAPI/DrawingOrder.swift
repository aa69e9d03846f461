public import Ledger
public import Wire

/// A lease with everything a sampler needs to draw the unit.
public struct DrawingOrder: Hashable, Sendable {
    public var unit: UnitID
    public var token: FencingToken
    /// The adapter to draw with.
    public var policy: PublishedPolicy
    /// Seconds until the unit is given to somebody else.
    public var remainingSeconds: Double
    public var runSeed: UInt64
    /// The prompt of each picture.
    public var prompts: [String]
    public var steps: Int
    public var guidance: Double
    public var eta: Double
    /// The sampler's name.
    public var scheduler: String
    /// Where the trajectory goes and the adapter comes from.
    public var learnerAddress: String

    public init(
        unit: UnitID, token: FencingToken, policy: PublishedPolicy, remainingSeconds: Double, runSeed: UInt64,
        prompts: [String], steps: Int, guidance: Double, eta: Double, scheduler: String,
        learnerAddress: String
    ) {
        self.unit = unit
        self.token = token
        self.policy = policy
        self.remainingSeconds = remainingSeconds
        self.runSeed = runSeed
        self.prompts = prompts
        self.steps = steps
        self.guidance = guidance
        self.eta = eta
        self.scheduler = scheduler
        self.learnerAddress = learnerAddress
    }

    public init(_ wire: ControlLease) {
        self.init(
            unit: UnitID(wire.unit), token: FencingToken(wire.token),
            policy: PublishedPolicy(
                version: Int(wire.policyVersion), sha256: wire.adapterSha256, modules: Int(wire.adapterModules)),
            remainingSeconds: Double(wire.remainingMs) / 1000, runSeed: wire.runSeed, prompts: wire.prompts,
            steps: Int(wire.steps), guidance: wire.guidance, eta: wire.eta, scheduler: wire.scheduler,
            learnerAddress: wire.learnerAddress)
    }

    public var wire: ControlLease {
        ControlLease(
            unit: unit.rawValue, token: token.rawValue, policyVersion: UInt32(policy.version),
            adapterSha256: policy.sha256, adapterModules: UInt32(policy.modules),
            remainingMs: UInt64(max(remainingSeconds, 0) * 1000), runSeed: runSeed, prompts: prompts,
            steps: UInt32(steps), guidance: guidance, eta: eta, learnerAddress: learnerAddress,
            scheduler: scheduler)
    }
}
