public import Wire

/// What a worker says of itself when it enters the fleet.
public struct WorkerIntroduction: Hashable, Sendable {
    public var name: String
    public var kind: WorkerKind
    public var processID: Int32
    /// Where it serves; empty for workers that only dial.
    public var address: String
    /// What a reward service was started with; empty for others.
    public var rewardSpec: String
    /// SHA-256 of a reward's model, weights and configuration; empty for others.
    public var rewardIdentity: String

    public init(
        name: String, kind: WorkerKind, processID: Int32, address: String = "", rewardSpec: String = "",
        rewardIdentity: String = ""
    ) {
        self.name = name
        self.kind = kind
        self.processID = processID
        self.address = address
        self.rewardSpec = rewardSpec
        self.rewardIdentity = rewardIdentity
    }

    /// - Throws: `PeerError` that names the field that is missing.
    public init(_ wire: ControlRegisterRequest) throws(PeerError) {
        guard !wire.name.isEmpty else { throw PeerError("the worker's name is missing") }
        self.init(
            name: wire.name, kind: try WorkerKind(wire.kind), processID: Int32(truncatingIfNeeded: wire.processID),
            address: wire.address, rewardSpec: wire.rewardSpec, rewardIdentity: wire.rewardIdentity)
        guard !address.isEmpty || kind == .sampler || kind == .host else {
            throw PeerError("\(kind.rawValue) \(name) does not say where it serves")
        }
        guard !rewardSpec.isEmpty || kind != .reward else { throw PeerError("reward \(name) does not say what it is") }
    }

    public var wire: ControlRegisterRequest {
        ControlRegisterRequest(
            name: name, kind: kind.wire, processID: UInt32(processID), address: address, rewardSpec: rewardSpec,
            rewardIdentity: rewardIdentity)
    }
}
