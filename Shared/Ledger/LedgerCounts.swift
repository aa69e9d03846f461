/// The books in five numbers, counted in pictures.
///
/// At every moment `issued = trained + buffered + inFlight + dropped`.
public struct LedgerCounts: Codable, Hashable, Sendable {
    /// Pictures that were leased at least once.
    public var issued = 0
    /// Pictures that an update has learned from.
    public var trained = 0
    /// Pictures that were drawn and wait for their score or their batch.
    public var buffered = 0
    /// Pictures that are leased, or were and wait to be leased again.
    public var inFlight = 0
    /// Pictures that were given up, by `DropReason`.
    public var dropped: [String: Int] = [:]

    public init() {}

    /// Whether the books are in balance.
    public var isBalanced: Bool { issued == trained + buffered + inFlight + dropped.values.reduce(0, +) }
}
