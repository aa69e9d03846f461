import RPC
public import Wire

/// The learner's word to the coordinator on units that have come and units that are scored: what comes up while a call is
/// open goes with the next one, so that a coordinator that is busy has fewer calls and not more.
public actor UnitReporter {
    /// Far below what one message may hold.
    private static let unitsPerCall = 256

    private struct Arrival {
        let unit: ControlDrawnUnit
        let teller: CheckedContinuation<Result<ControlSettledUnit, RPCStatus>, Never>
    }

    private struct Score {
        let unit: ControlScoredUnit
        let teller: CheckedContinuation<Result<Void, RPCStatus>, Never>
    }

    private let books: LearningClient
    private var arrivals: [Arrival] = []
    private var scores: [Score] = []
    private var isCalling = false

    /// A reporter to the coordinator behind the client.
    public init(_ books: LearningClient) {
        self.books = books
    }

    /// Says of a trajectory that has come whether it is the one that counts, and what its sampler draws next.
    ///
    /// - Throws: `RPCStatus` of the call; the books may have the unit nevertheless.
    public func arrived(_ unit: ControlDrawnUnit) async throws(RPCStatus) -> ControlSettledUnit {
        try await withCheckedContinuation { teller in
            arrivals.append(Arrival(unit: unit, teller: teller))
            callSoon()
        }.get()
    }

    /// A unit has its scores.
    ///
    /// - Throws: `RPCStatus` of the call; the books may know it nevertheless.
    public func scored(_ unit: ControlScoredUnit) async throws(RPCStatus) {
        try await withCheckedContinuation { teller in
            scores.append(Score(unit: unit, teller: teller))
            callSoon()
        }.get()
    }

    private func callSoon() {
        guard !isCalling else { return }
        isCalling = true
        // Detached: the call is everybody's, and must not inherit the deadline of one of them.
        Task.detached { await self.call() }
    }

    private func call() async {
        while !arrivals.isEmpty || !scores.isEmpty {
            let arrivals = Array(arrivals.prefix(Self.unitsPerCall))
            let scores = Array(scores.prefix(Self.unitsPerCall))
            self.arrivals.removeFirst(arrivals.count)
            self.scores.removeFirst(scores.count)
            let result = await report(arrivals, scores)
            for (index, arrival) in arrivals.enumerated() { arrival.teller.resume(returning: result.map { $0[index] }) }
            for score in scores { score.teller.resume(returning: result.map { _ in }) }
        }
        isCalling = false
    }

    private func report(_ arrivals: [Arrival], _ scores: [Score]) async -> Result<[ControlSettledUnit], RPCStatus> {
        do throws(RPCStatus) {
            let reply = try await books.settle(
                ControlSettleRequest(drawn: arrivals.map(\.unit), scored: scores.map(\.unit)),
                options: CallOptions(timeout: .seconds(5)))
            let settled = reply.message.drawn
            guard settled.count == arrivals.count else {
                throw RPCStatus(.internalError, "the coordinator settled \(settled.count) of \(arrivals.count) units")
            }
            return .success(settled)
        } catch {
            return .failure(error)
        }
    }
}
