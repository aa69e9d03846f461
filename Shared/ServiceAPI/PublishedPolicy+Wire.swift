public import Ledger
public import Wire

extension PublishedPolicy {
    /// - Throws: `PeerError` if the hash is missing.
    public init(_ wire: ControlPolicy) throws(PeerError) {
        guard !wire.sha256.isEmpty else { throw PeerError("policy \(wire.version) has no hash") }
        self.init(version: Int(wire.version), sha256: wire.sha256, modules: Int(wire.modules))
    }

    public var wire: ControlPolicy {
        ControlPolicy(version: UInt32(version), sha256: sha256, modules: UInt32(modules))
    }
}
