/// The leases that are running, one at most for each unit, and the last token given out.
///
/// Pure: deadlines are compared with the time that the caller passes in.
public struct LeaseTable: Codable, Hashable, Sendable {
    private var running: [UnitID: Lease] = [:]
    private(set) var lastToken = FencingToken(0)

    public init() {}

    public var count: Int { running.count }

    /// The running leases, in unit order.
    public var leases: [Lease] { leases { _ in true } }

    private func leases(_ isMeant: (Lease) -> Bool) -> [Lease] {
        running.values.filter(isMeant).sorted { $0.unit < $1.unit }
    }

    public subscript(unit: UnitID) -> Lease? { running[unit] }

    /// The token that the next lease will carry.
    public var nextToken: FencingToken { FencingToken(lastToken.rawValue + 1) }

    /// Enters a lease.
    ///
    /// - Precondition: its token is `nextToken` and its unit is not leased.
    mutating func open(_ lease: Lease) {
        precondition(lease.token == nextToken, "\(lease.token) given where \(nextToken) was due")
        precondition(running[lease.unit] == nil, "\(lease.unit) leased twice")
        lastToken = lease.token
        running[lease.unit] = lease
    }

    /// Ends the lease of a unit, if there is one.
    @discardableResult
    mutating func close(_ unit: UnitID) -> Lease? {
        running.removeValue(forKey: unit)
    }

    /// The leases whose deadline is not after `now`, in unit order.
    public func expired(at now: Double) -> [Lease] {
        leases { $0.deadline <= now }
    }

    /// The leases of one worker, in unit order.
    public func held(by worker: String) -> [Lease] {
        leases { $0.worker == worker }
    }
}
