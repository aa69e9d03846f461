import Ledger
import RPC
import ServiceAPI
import ServiceRuntime
import TensorCore
import Wire

/// Has every unit scored as a whole, by every reward of its set, however long that takes; says what it waits for.
actor ScoringDispatcher {
    /// What scoring a unit came to.
    enum Verdict: Sendable {
        case scored(ScoredUnit)
        /// The pictures have no score, and why.
        case invalid(String)
        /// A reward service cannot be worked with.
        case broken(String)
    }

    private let books: LearningClient
    private let desk: RewardDesk
    /// What each unit waits for.
    private var waiting: [UnitID: String] = [:]
    private var told = ""
    /// How often in a row a service may answer nonsense.
    private static let patience = 5
    private static let longestWait = Duration.seconds(10)

    init(_ books: LearningClient, _ desk: RewardDesk) {
        self.books = books
        self.desk = desk
    }

    /// Scores a unit's pictures.
    ///
    /// - Throws: `CancellationError` only.
    func score(_ batch: PictureBatch) async throws -> Verdict {
        let unit = UnitID(batch.unit)
        var pause = Duration.milliseconds(100)
        var nonsense = 0
        while true {
            var asked = Duration.zero
            do {
                let verdict = try await attempt(batch)
                await wait(unit, for: nil)
                return verdict
            } catch let refusal as RewardDesk.Refusal {
                switch refusal {
                case .invalid(let reason):
                    await wait(unit, for: nil)
                    return .invalid(reason)
                case .nonsense(let reason):
                    nonsense += 1
                    if nonsense == Self.patience { return .broken(reason) }
                    await wait(unit, for: reason)
                case .unavailable(let reason, let retryAfter):
                    asked = Self.wait(retryAfter)
                    await wait(unit, for: reason)
                }
            }
            // Jitter, so that units that failed together do not come back together.
            try await Task.sleep(for: max(pause, asked) * Double.random(in: 1...1.4))
            pause = min(pause * 2, .seconds(2))
        }
    }

    /// The derivative of the weighted sum of a unit's rewards by the pixels of its pictures.
    ///
    /// - Throws: `ServiceError` if a reward has none; `CancellationError`.
    func gradient(_ batch: PixelBatch) async throws -> Tensor {
        let unit = UnitID(batch.unit)
        var pause = Duration.milliseconds(100)
        while true {
            var asked = Duration.zero
            do {
                let panel = try await panel(of: unit)
                var sum = Tensor(zeros: batch.pixels.shape)
                for seat in panel.seats where seat.member.weight != 0 {
                    sum.accumulate(try await desk.gradient(batch, seat), scale: Float(seat.member.weight))
                }
                await wait(unit, for: nil)
                return sum
            } catch let refusal as RewardDesk.Refusal {
                switch refusal {
                case .nonsense(let reason), .invalid(let reason): throw ServiceError(reason)
                case .unavailable(let reason, let retryAfter):
                    asked = Self.wait(retryAfter)
                    await wait(unit, for: reason)
                }
            }
            try await Task.sleep(for: max(pause, asked))
            pause = min(pause * 2, .seconds(2))
        }
    }

    /// How long a service wants to be left alone: not for long, since another may have taken its place by then.
    private static func wait(_ retryAfter: Duration?) -> Duration {
        guard let retryAfter else { return .zero }
        return retryAfter < .zero ? longestWait : min(retryAfter, longestWait)
    }

    private func panel(of unit: UnitID) async throws -> RewardPanel {
        do {
            let reply = try await books.rewards(
                ControlRewardSetRequest(unit: unit.rawValue), options: CallOptions(timeout: .seconds(10)))
            return RewardPanel(reply.message)
        } catch {
            throw RewardDesk.Refusal.unavailable(
                "the coordinator does not name the rewards: \(ServiceProcess.oneLine(error))")
        }
    }

    private func attempt(_ batch: PictureBatch) async throws -> Verdict {
        let panel = try await panel(of: UnitID(batch.unit))
        let desk = desk
        let columns = try await withThrowingTaskGroup(of: (Int, ScoredUnit.Column).self) { group in
            for (index, seat) in panel.seats.enumerated() {
                group.addTask { (index, try await desk.score(batch, seat)) }
            }
            var columns: [(Int, ScoredUnit.Column)] = []
            for try await column in group { columns.append(column) }
            return columns.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return .scored(ScoredUnit(rewardSet: panel.version, columns: columns))
    }

    /// Notes what a unit waits for, and tells the coordinator when that changes for the run as a whole.
    private func wait(_ unit: UnitID, for reason: String?) async {
        waiting[unit] = reason
        let now = waiting.min { $0.key < $1.key }.map { "scoring waits: \($0.value)" } ?? ""
        guard now != told else { return }
        told = now
        _ = try? await books.blocked(ControlBlockedRequest(reason: now), options: CallOptions(timeout: .seconds(5)))
    }
}
