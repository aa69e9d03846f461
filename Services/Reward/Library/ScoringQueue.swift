import Imaging
import RPC
import ServiceAPI

/// Merges the pictures of many callers into batches for the model.
///
/// While a batch is scored, the next one gathers; when the model is idle, pictures wait a little for others.
actor ScoringQueue {
    /// How batches are made.
    struct Settings: Sendable {
        /// The most pictures of a batch.
        var batch = 16
        /// How long a picture waits for others while the model is idle.
        var patience = Duration.milliseconds(5)
        /// The most pictures that may wait; who comes then is told to come again.
        var limit = 4096
    }

    /// A caller's pictures, with how large the largest batch was that one of them was in.
    struct Answer: Sendable {
        var scores: [PictureScore]
        var batch: Int
    }

    private struct Item {
        let call: Int
        let index: Int
        let picture: Picture
        let prompt: String
    }

    private struct Call {
        var scores: [PictureScore?]
        var left: Int
        var batch = 0
        let continuation: CheckedContinuation<Answer?, Never>
    }

    private let host: RewardHost
    private var queue: BatchQueue<Item>
    private var calls: [Int: Call] = [:]
    private var nextCall = 0
    private var isScoring = false
    private var alarm: Task<Void, Never>?

    init(_ host: RewardHost, _ settings: Settings) {
        self.host = host
        queue = BatchQueue(capacity: settings.batch, patience: settings.patience, limit: settings.limit)
    }

    /// Scores a caller's pictures, together with those of others.
    ///
    /// - Throws: `RPCStatus` resourceExhausted when too many wait; cancelled when the caller is gone.
    func score(_ batch: PictureBatch) async throws -> Answer {
        let call = nextCall
        nextCall += 1
        let items = zip(batch.pictures, batch.prompts).enumerated().map {
            Item(call: call, index: $0, picture: $1.0, prompt: $1.1)
        }
        guard queue.add(items, at: .now) else {
            throw RPCStatus(.resourceExhausted, "\(queue.count) pictures wait to be scored; come again")
        }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                calls[call] = Call(
                    scores: Array(repeating: nil, count: items.count), left: items.count, continuation: continuation)
                if Task.isCancelled { abandon(call) } else { proceed() }
            }
        } onCancel: {
            Task { await self.abandon(call) }
        }
        guard let answer else { throw RPCStatus(.cancelled, "the caller does not wait any more") }
        return answer
    }

    /// Forgets a caller whose deadline has passed.
    private func abandon(_ call: Int) {
        queue.remove { $0.call == call }
        calls.removeValue(forKey: call)?.continuation.resume(returning: nil)
    }

    /// Sends the next batch to the model if it is time, or sees to it that somebody asks again.
    private func proceed() {
        guard !isScoring else { return }
        alarm?.cancel()
        switch queue.departure(at: .now) {
        case .nothingWaits: alarm = nil
        case .at(let due):
            alarm = Task {
                guard (try? await Task.sleep(until: due, clock: .continuous)) != nil else { return }
                self.proceed()
            }
        case .now:
            let items = queue.take()
            isScoring = true
            Task { await score(items) }
        }
    }

    private func score(_ items: [Item]) async {
        let scores = await host.score(items.map(\.picture), prompts: items.map(\.prompt))
        for (item, score) in zip(items, scores) {
            guard var call = calls[item.call] else { continue }
            call.scores[item.index] = score
            call.left -= 1
            call.batch = max(call.batch, items.count)
            if call.left == 0 {
                calls[item.call] = nil
                call.continuation.resume(returning: Answer(scores: call.scores.compactMap(\.self), batch: call.batch))
            } else {
                calls[item.call] = call
            }
        }
        isScoring = false
        proceed()
    }
}
