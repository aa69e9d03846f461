public import Ledger
public import Wire

/// Something that happened in a run, as one line and as data: what `atelier tail` shows.
public struct RunNotice: Codable, Hashable, Sendable {
    /// What a notice is about.
    public enum Kind: String, Codable, Sendable {
        case state, round, checkpoint, worker, lease, reward, warning, finished, other
    }

    public var sequence: UInt64
    /// Seconds since 1970.
    public var time: Double
    public var kind: Kind
    public var message: String
    /// The round's figures, for `round`.
    public var report: RoundReport?

    public init(sequence: UInt64, time: Double, kind: Kind, message: String, report: RoundReport? = nil) {
        self.sequence = sequence
        self.time = time
        self.kind = kind
        self.message = message
        self.report = report
    }

    public init(_ wire: AdminEvent) {
        self.init(
            sequence: wire.sequence, time: wire.time, kind: Kind(rawValue: wire.kind) ?? .other, message: wire.message,
            report: wire.report.map { RoundReport($0) })
    }

    public var wire: AdminEvent {
        AdminEvent(sequence: sequence, time: time, kind: kind.rawValue, message: message, report: report?.wire)
    }
}
