import Ledger
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime
import Wire

/// The way to the reward services: one channel for each address, the least busy service first.
actor RewardDesk {
    /// Why a seat of the panel has no numbers.
    enum Refusal: Error {
        /// Nobody can say now, and why.
        case unavailable(String)
        /// Asking again would not help: the pictures have no score.
        case invalid(String)
        /// A service answered what makes no sense.
        case nonsense(String)
    }

    private struct Service {
        let client: ScoreClient
        var outstanding = 0
        var failures = 0
    }

    private let endpoint: Endpoint
    private let timeout: Duration
    private var services: [String: Service] = [:]

    init(_ endpoint: Endpoint, timeout: Duration) {
        self.endpoint = endpoint
        self.timeout = timeout
    }

    /// One reward's scores of a unit.
    func score(_ drawn: DrawnUnit, _ seat: RewardPanel.Seat) async throws(Refusal) -> ScoredUnit.Column {
        guard let address = pick(seat.addresses) else {
            throw .unavailable("no service of reward '\(seat.member.name)' (\(seat.member.spec)) is here")
        }
        let who = "reward '\(seat.member.name)' (\(seat.member.spec)) at \(address)"
        let batch = PictureBatch(pictures: drawn.pictures, prompts: drawn.prompts, unit: drawn.unit.rawValue)
        services[address]?.outstanding += 1
        defer { services[address]?.outstanding -= 1 }
        let reply: ScorePicturesReply
        do {
            guard let client = services[address]?.client else { throw RPCStatus(.unavailable, "no channel") }
            reply = try await client.pictures(
                batch.wire, attachments: batch.attachments, options: CallOptions(timeout: timeout)
            ).message
            services[address]?.failures = 0
        } catch {
            services[address]?.failures += 1
            throw .unavailable("\(who) does not score: \(ServiceProcess.oneLine(error))")
        }
        return try column(reply, seat, who, pictures: drawn.pictures.count)
    }

    /// The service with the fewest failures in a row, then the fewest units at work.
    private func pick(_ addresses: [String]) -> String? {
        for address in addresses where services[address] == nil {
            services[address] = Service(client: ScoreClient(endpoint.channel(address, services: [])))
        }
        return addresses.min { left, right in
            guard let left = services[left], let right = services[right] else { return false }
            return (left.failures, left.outstanding) < (right.failures, right.outstanding)
        }
    }

    private func column(
        _ reply: ScorePicturesReply, _ seat: RewardPanel.Seat, _ who: String, pictures: Int
    ) throws(Refusal) -> ScoredUnit.Column {
        guard reply.scores.count == pictures else {
            throw .nonsense("\(who) answers nonsense: \(reply.scores.count) scores for \(pictures) pictures")
        }
        var values: [Double] = []
        var successes: [Bool] = []
        for wire in reply.scores {
            let score: PictureScore
            do {
                score = try PictureScore(wire)
            } catch {
                throw .nonsense("\(who) answers nonsense: \(error.description)")
            }
            switch score {
            case .number(let value, let detail):
                values.append(value)
                if let success = detail["success"] { successes.append(success > 0.5) }
            case .unavailable(let reason): throw .unavailable("\(who) does not score: \(reason)")
            case .invalid(let reason): throw .invalid("\(who): \(reason)")
            }
        }
        return ScoredUnit.Column(
            name: seat.member.name, weight: seat.member.weight, values: values,
            successes: successes.count == pictures ? successes : nil, identity: reply.identity)
    }
}
