import Ledger
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime
import TensorCore
import Wire

/// The way to the reward services: for each reward a channel that chooses the less busy of its services, wherever the
/// coordinator's registry says that they are.
actor RewardDesk {
    /// Why a seat of the panel has no numbers.
    enum Refusal: Error {
        /// Nobody can say now, and why; a service may have said when to come again.
        case unavailable(String, retryAfter: Duration? = nil)
        /// Asking again would not help: the pictures have no score.
        case invalid(String)
        /// A service answered what makes no sense.
        case nonsense(String)
    }

    private let endpoint: Endpoint
    private let timeout: Duration
    /// By specification.
    private var channels: [String: BalancedChannel] = [:]

    init(_ endpoint: Endpoint, timeout: Duration) {
        self.endpoint = endpoint
        self.timeout = timeout
    }

    /// One reward's scores of pictures.
    func score(_ batch: PictureBatch, _ seat: RewardPanel.Seat) async throws(Refusal) -> ScoredUnit.Column {
        guard !seat.addresses.isEmpty else {
            throw .unavailable("no service of reward '\(seat.member.name)' (\(seat.member.spec)) is here")
        }
        let who =
            "reward '\(seat.member.name)' (\(seat.member.spec)) at \(seat.addresses.joined(separator: ", "))"
        let reply: ScorePicturesReply
        do {
            reply = try await ScoreClient(channel(seat)).pictures(
                batch.wire, attachments: batch.attachments, options: CallOptions(timeout: timeout)
            ).message
        } catch {
            throw .unavailable(
                "\(who) does not score: \(ServiceProcess.oneLine(error))",
                retryAfter: error.retryAfter)
        }
        return try column(reply, seat, who, pictures: batch.pictures.count)
    }

    /// The derivative of one reward by the pixels of a unit's pictures, `[picture, height, width, 3]`.
    func gradient(_ batch: PixelBatch, _ seat: RewardPanel.Seat) async throws(Refusal) -> Tensor {
        let who =
            "reward '\(seat.member.name)' (\(seat.member.spec)) at \(seat.addresses.joined(separator: ", "))"
        guard !seat.addresses.isEmpty else { throw .unavailable("no service of \(who) is here") }
        let answer: PictureGradients
        do {
            let reply = try await ScoreClient(channel(seat)).withGradient(
                batch.wire, attachments: batch.attachments, options: CallOptions(timeout: timeout))
            answer = try PictureGradients(reply.message, reply.attachments, to: batch)
        } catch let error as PeerError {
            throw .nonsense("\(who) answers nonsense: \(error.description)")
        } catch let status as RPCStatus where status.code == .failedPrecondition || status.code == .unimplemented {
            throw .nonsense(
                "\(who) does not say how it changes with the picture (\(status.message)); this algorithm needs a reward that "
                    + "does, or another algorithm: ddpo-is, dpok")
        } catch {
            throw .unavailable(
                "\(who) does not score: \(ServiceProcess.oneLine(error))",
                retryAfter: (error as? RPCStatus)?.retryAfter)
        }
        for score in answer.scores {
            switch score {
            case .number: continue
            case .unavailable(let reason): throw .unavailable("\(who) does not score: \(reason)")
            case .invalid(let reason): throw .invalid("\(who): \(reason)")
            }
        }
        return answer.gradient
    }

    /// The channel to the services of a reward, where they are now.
    private func channel(_ seat: RewardPanel.Seat) -> BalancedChannel {
        let spec = seat.member.spec
        let channel = channels[spec] ?? endpoint.balancedChannel("reward \(spec)", policy: .leastLoaded)
        channels[spec] = channel
        channel.update(seat.addresses)
        return channel
    }

    private func column(
        _ reply: ScorePicturesReply, _ seat: RewardPanel.Seat, _ who: String, pictures: Int
    ) throws(Refusal) -> ScoredUnit.Column {
        guard reply.scores.count == pictures else {
            throw .nonsense("\(who) answers nonsense: \(reply.scores.count) scores for \(pictures) pictures")
        }
        var values: [Double?] = []
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
            // What only looks on must not take a picture from the training.
            case .invalid where seat.member.weight == 0: values.append(nil)
            case .invalid(let reason): throw .invalid("\(who): \(reason)")
            }
        }
        return ScoredUnit.Column(
            name: seat.member.name, weight: seat.member.weight, values: values,
            successes: successes.count == pictures ? successes : nil, identity: reply.identity)
    }
}
