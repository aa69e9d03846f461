import Foundation
import Logging
import RPC
import ServiceAPI
import ServiceRuntime
import Synchronization
import Testing
import Wire

/// Reward services that die or answer nonsense, beside real coordinator, learner and sampler processes.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RewardFailureTests {
    /// A reward service that answers what the test tells it to.
    private final class Rogue: ScoreService {
        enum Mood {
            case scores, unavailable, tooFew, notANumber, invalid
        }

        let mood: Mutex<Mood>
        /// The traces of the calls that it was asked in.
        let traces = Mutex<Set<String>>([])

        init(_ mood: Mood) {
            self.mood = Mutex(mood)
        }

        func describe(_ request: ScoreDescribeRequest, _ context: ServerContext) async throws -> Reply<
            ScoreDescribeReply
        > {
            Reply(ScoreDescribeReply(spec: "rogue", identity: "rogue"))
        }

        func pictures(_ request: ScorePicturesRequest, _ context: ServerContext) async throws -> Reply<
            ScorePicturesReply
        > {
            if let trace = TraceContext.current { traces.withLock { _ = $0.insert(trace.traceText) } }
            let scores = request.prompts.enumerated().map { index, _ -> ScorePictureScore in
                switch mood.withLock(\.self) {
                case .scores, .tooFew: PictureScore.number(Double(index), detail: [:]).wire
                case .notANumber: PictureScore.number(.nan, detail: [:]).wire
                case .unavailable: PictureScore.unavailable("out for lunch").wire
                case .invalid: PictureScore.invalid("cannot be judged").wire
                }
            }
            let isShort = mood.withLock(\.self) == .tooFew
            return Reply(ScorePicturesReply(scores: isShort ? Array(scores.dropLast()) : scores, identity: "rogue"))
        }

        func withGradient(_ request: ScoreGradientRequest, _ context: ServerContext) async throws -> Reply<
            ScoreGradientReply
        > {
            throw RPCStatus(.failedPrecondition, "a rogue has no derivative")
        }
    }

    /// A stack whose reward is the test's own.
    private struct Stack {
        let place: Workplace
        let coordinator: Workplace.Running
        let learner: Workplace.Running
        let sampler: Workplace.Running
        let rogue: Rogue
        let endpoint: Endpoint
        let membership: FleetMembership
        let heartbeat: Task<Void, any Error>
        var admin: String { "ipc://\(place.path("admin"))" }

        init(_ place: Workplace, _ mood: Rogue.Mood, more: String = "") async throws {
            self.place = place
            let configuration = try place.configure(rounds: 2, more)
            let control = "ipc://\(place.path("control"))"
            coordinator = try place.start(
                "atelier-coordinator",
                [
                    "--config", configuration, "--out", place.folder.path, "--control", control, "--admin",
                    "ipc://\(place.path("admin"))",
                ])
            learner = try place.start(
                "atelier-learner",
                [
                    "--config", configuration, "--out", place.folder.path, "--coordinator", control, "--address",
                    "ipc://\(place.path("data"))",
                ])
            sampler = try place.start(
                "atelier-sampler", ["--config", configuration, "--coordinator", control, "--log-level", "debug"])
            rogue = Rogue(mood)
            var settings = EndpointConfiguration()
            settings.install(Tracing())
            endpoint = try Endpoint(name: "rogue", role: "reward", configuration: settings)
            let listener = try await endpoint.listen("ipc://\(place.path("rogue"))", services: [.score(rogue)])
            membership = FleetMembership(
                endpoint, address: control,
                WorkerIntroduction(
                    name: "rogue", kind: .reward, processID: getpid(), address: listener.address,
                    rewardSpec: "jpeg-compressibility", rewardIdentity: "rogue"),
                patience: .seconds(20), log: Logger(label: "rogue"))
            try await membership.join()
            let membership = membership
            heartbeat = Task { try await membership.keep(Shutdown()) }
        }

        /// Ends everything that has not ended.
        func end() async {
            heartbeat.cancel()
            for running in [sampler, learner, coordinator] { await running.child.stop(within: .seconds(5)) }
            await endpoint.close()
        }

        func status() async throws -> [String: Any] {
            try await place.atelier("status", "--address", admin, "--json").json
        }
    }

    /// From the sampler over the learner to the reward, three processes, by what the first one writes into its log.
    @Test func aUnitIsOneTraceFromItsSamplerToItsReward() async throws {
        let place = try Workplace()
        let stack = try await Stack(place, .scores)
        #expect(await stack.coordinator.ended().ending == .exited(0))
        let drawn = Set(
            stack.sampler.errorSoFar.split(separator: "\n").filter { $0.contains(" accepted") }.compactMap { line in
                line.split(separator: "trace=").last.map { String($0.prefix(32)) }
            })
        #expect(drawn.count == 6, "two rounds of three units each")
        #expect(stack.rogue.traces.withLock(\.self).isSuperset(of: drawn))
        await stack.end()
    }

    @Test(arguments: [false, true])
    func nonsenseEndsTheRunWithTheServiceNamed(isShort: Bool) async throws {
        let place = try Workplace()
        let stack = try await Stack(place, isShort ? .tooFew : .notANumber)
        let ended = await stack.learner.ended()
        #expect(ended.ending == .exited(1), "\(ended.error)")
        #expect(ended.lastLine.contains("reward 'main' (jpeg-compressibility) at ipc://"), "\(ended.error)")
        #expect(ended.lastLine.contains("answers nonsense: "), "\(ended.error)")
        let books = await stack.coordinator.ended()
        #expect(books.ending == .exited(1))
        #expect(books.lastLine.contains("answers nonsense"), "\(books.error)")
        await stack.end()
    }

    @Test func aRewardThatCannotSayNowIsWaitedForAndNeverZero() async throws {
        let place = try Workplace()
        let stack = try await Stack(place, .unavailable)
        try await place.until("the run says what it waits for") {
            let waiting = try await stack.status()["waitingFor"] as? [String] ?? []
            return waiting.contains { $0.contains("reward 'main'") && $0.contains("out for lunch") }
        }
        #expect(try await stack.status()["round"] as? Int == 0)
        stack.rogue.mood.withLock { $0 = .scores }
        #expect(await stack.coordinator.ended().ending == .exited(0))
        let summary = try #require(
            try JSONSerialization.jsonObject(with: try place.contents("summary.json")) as? [String: Any])
        // Two pictures a unit score 0 and 1: nothing else was ever counted.
        #expect((summary["reward"] as? [String: Any])?["first"] as? Double == 0.5)
        await stack.end()
    }

    @Test func picturesWithoutAValidScoreAreDroppedAndCounted() async throws {
        let place = try Workplace()
        let stack = try await Stack(place, .invalid, more: "validation: {every: 1, samples: 2}")
        #expect(await stack.coordinator.ended().ending == .exited(0))
        let summary = try #require(
            try JSONSerialization.jsonObject(with: try place.contents("summary.json")) as? [String: Any])
        let rollouts = try #require(summary["rollouts"] as? [String: Any])
        #expect(rollouts["issued"] as? Int == 12)
        #expect(rollouts["trained"] as? Int == 0)
        #expect(rollouts["dropped"] as? [String: Int] == ["invalidScore": 12])
        let warning = "2 of the 2 pictures that validate the policy have no valid score: the policy is not validated"
        let rounds = try String(decoding: place.contents("metrics.jsonl"), as: UTF8.self).split(separator: "\n")
        #expect(rounds.count == 3)
        for round in rounds { #expect(round.contains(warning), "\(round)") }
        await stack.end()
    }
}
