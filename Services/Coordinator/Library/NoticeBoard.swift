import Ledger
import ServiceAPI

/// The last notices of the run, numbered from 1, for those who follow it.
struct NoticeBoard {
    private static let capacity = 4096
    private var notices: [RunNotice] = []
    private var last: UInt64 = 0

    mutating func post(_ kind: RunNotice.Kind, _ message: String, at time: Double, report: RoundReport? = nil) {
        last += 1
        notices.append(RunNotice(sequence: last, time: time, kind: kind, message: message, report: report))
        if notices.count > Self.capacity { notices.removeFirst(notices.count - Self.capacity) }
    }

    /// The notices after a number.
    func after(_ sequence: UInt64) -> ArraySlice<RunNotice> {
        guard let first = notices.first else { return [] }
        return notices.dropFirst(sequence < first.sequence ? 0 : Int(sequence - first.sequence) + 1)
    }
}
