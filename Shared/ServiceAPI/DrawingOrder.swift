public import Ledger
public import RL
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
    /// What the noise is a function of, with the seed: the unit's number, or ``validationNoise(place:)``.
    public var noiseUnit: UInt64
    /// The prompt of each picture.
    public var prompts: [String]
    public var steps: Int
    public var guidance: Double
    public var eta: Double
    /// What is drawn unlike the policy alone would.
    public var exploration: Exploration?
    /// Whether the learner wants the whole trajectory, or only where it ends.
    public var isWholeTrajectory: Bool
    /// Where the trajectory goes and the adapter comes from.
    public var learnerAddress: String

    public init(
        unit: UnitID, token: FencingToken, policy: PublishedPolicy, remainingSeconds: Double, runSeed: UInt64,
        noiseUnit: UInt64, prompts: [String], steps: Int, guidance: Double, eta: Double, exploration: Exploration?,
        isWholeTrajectory: Bool, learnerAddress: String
    ) {
        self.unit = unit
        self.token = token
        self.policy = policy
        self.remainingSeconds = remainingSeconds
        self.runSeed = runSeed
        self.noiseUnit = noiseUnit
        self.prompts = prompts
        self.steps = steps
        self.guidance = guidance
        self.eta = eta
        self.exploration = exploration
        self.isWholeTrajectory = isWholeTrajectory
        self.learnerAddress = learnerAddress
    }

    /// The noise of a validation unit, by its place in its round: the same in every round, and no training unit's.
    public static func validationNoise(place: Int) -> UInt64 { 1 << 40 + UInt64(place) }

    public init(_ wire: ControlLease) {
        self.init(
            unit: UnitID(wire.unit), token: FencingToken(wire.token),
            policy: PublishedPolicy(
                version: Int(wire.policyVersion), sha256: wire.adapterSha256, modules: Int(wire.adapterModules)),
            remainingSeconds: Double(wire.remainingMs) / 1000, runSeed: wire.runSeed,
            noiseUnit: wire.noiseUnit, prompts: wire.prompts,
            steps: Int(wire.steps), guidance: wire.guidance, eta: wire.eta,
            exploration: wire.exploration.map {
                Exploration(
                    earlyGuidance: $0.earlyGuidance, threshold: $0.threshold, phraseWeight: $0.phraseWeight)
            }, isWholeTrajectory: wire.wholeTrajectory, learnerAddress: wire.learnerAddress)
    }

    public var wire: ControlLease {
        ControlLease(
            unit: unit.rawValue, token: token.rawValue, policyVersion: UInt32(policy.version),
            adapterSha256: policy.sha256, adapterModules: UInt32(policy.modules),
            remainingMs: UInt64(max(remainingSeconds, 0) * 1000), runSeed: runSeed, prompts: prompts,
            steps: UInt32(steps), guidance: guidance, eta: eta, learnerAddress: learnerAddress,
            exploration: exploration.map {
                ControlExploration(
                    earlyGuidance: $0.earlyGuidance, threshold: $0.threshold, phraseWeight: $0.phraseWeight)
            }, wholeTrajectory: isWholeTrajectory, noiseUnit: noiseUnit)
    }
}
