/// Which reward set scores which round.
///
/// A new set is installed, becomes ready once all its services answer, and scores the rounds of which nothing had been
/// leased by then. So a round, and with it every group, is scored by one set only; an old set is retired when the last
/// round that uses it is trained.
public struct RewardSetTimeline: Hashable, Sendable {
    /// Sets by version that are in use or will be.
    public private(set) var live: [Int: RewardSet] = [:]
    /// The newest set whose services have answered: it scores every round begun from now on.
    public private(set) var current: RewardSet?
    private var ofRound: [Int: Int] = [:]

    public init() {}

    /// The newest set, ready or not.
    public var newest: RewardSet? { live.keys.max().flatMap { live[$0] } }

    /// The set that waits for its services.
    public var pending: RewardSet? { newest?.version == current?.version ? nil : newest }

    mutating func install(_ set: RewardSet) {
        live[set.version] = set
    }

    /// The services of a set have answered.
    ///
    /// A set older than the current one changes nothing.
    mutating func markReady(_ version: Int) {
        guard let set = live[version], version > current?.version ?? -1 else { return }
        current = set
    }

    /// Fixes the set of a round when its first unit is leased.
    ///
    /// - Precondition: a set is current.
    mutating func begin(round: Int) {
        guard ofRound[round] == nil else { return }
        guard let current else { preconditionFailure("round \(round) begun without a reward set") }
        ofRound[round] = current.version
    }

    /// The set that scores a round that has begun.
    public func set(ofRound round: Int) -> RewardSet? {
        ofRound[round].flatMap { live[$0] }
    }

    /// Forgets rounds below `round` and the sets that only they used.
    ///
    /// - Returns: the versions retired by this.
    mutating func retire(before round: Int) -> [Int] {
        ofRound = ofRound.filter { $0.key >= round }
        let needed = Set(ofRound.values)
        let retired = live.keys.filter { $0 < current?.version ?? 0 && !needed.contains($0) }.sorted()
        for version in retired {
            live[version] = nil
        }
        return retired
    }

    /// Rounds from `round` on have not begun.
    mutating func rewind(toRound round: Int) {
        ofRound = ofRound.filter { $0.key < round }
    }
}
