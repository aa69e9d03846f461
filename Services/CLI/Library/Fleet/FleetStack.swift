import Foundation
import Logging
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime
import Wire

/// A coordinator as a process, and what stands in for learner and reward service here.
final class FleetStack: Sendable {
    struct Rate {
        var units: Double
        var seconds: Double
        var coordinatorSeconds: Double
        var unitsPerSecond: Double { units / seconds }
    }

    private let place: FleetPlace
    private let coordinator: ChildProcess
    private let learner: LearnerStandIn
    private let endpoints: [Endpoint]
    private let tasks: [Task<Void, any Error>]
    private let shutdown = Shutdown()

    init(_ place: FleetPlace, _ configuration: RunConfiguration) async throws {
        self.place = place
        let file = place.folder.appending(path: "config.yaml")
        try AtomicFile.write(Data(configuration.yaml().utf8), to: file)
        let programs = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let control = place.socket("control")
        coordinator = try ChildProcess(
            name: "coordinator", program: programs.appending(path: "atelier-coordinator").path,
            arguments: [
                "--config", file.path, "--out", place.folder.path, "--control", control, "--admin",
                place.socket("admin"), "--keys", place.keys.url.path, "--with-parent", "--log-level", "error",
            ], log: place.path("coordinator.log"))
        let ends = [
            try place.endpoint("learner", .learner, binds: ["tcp://127.0.0.1:0"]),
            try place.endpoint("reward", .reward),
        ]
        endpoints = ends
        let learner = LearnerStandIn(ends[0], coordinator: control, adapterBytes: 512 << 10)
        self.learner = learner
        // Over tcp, as from other machines: the samplers here share a relay.
        let listener = try await Listening.on(
            "tcp://127.0.0.1:0", ends[0], services: [.data(learner), .adapters(AdapterEndpoint(learner.adapters))])
        let (shutdown, log) = (shutdown, place.log)
        let members = [
            FleetMembership(
                ends[1], address: control,
                WorkerIntroduction(
                    name: "reward", kind: .reward, processID: getpid(), address: place.socket("reward"),
                    rewardSpec: configuration.rewards[0].spec, rewardIdentity: "none"),
                patience: .seconds(10), log: log),
            FleetMembership(
                ends[0], address: control,
                WorkerIntroduction(name: "learner", kind: .learner, processID: getpid(), address: listener.address),
                patience: .seconds(10), log: log),
        ]
        for member in members { try await member.join() }
        tasks =
            members.map { member in Task { try await member.keep(shutdown) } } + [Task { try await learner.follow() }]
    }

    /// How many units a number of samplers hand over.
    ///
    /// - Parameters:
    ///   - count: samplers, each a process.
    ///   - sleep: seconds for a unit.
    ///   - duration: seconds of the measurement, once all samplers are at work.
    /// - Returns: what was handed over in that time.
    /// - Throws: `ServiceError` if the samplers do not come.
    func rate(of count: Int, sleeping sleep: Double, for duration: Double) async throws -> Rate {
        let samplers = try (1...count).map { number in
            try place.start("sampler-\(number)", ["--sampler", "sampler-\(number)", "--sleep", "\(sleep)"])
        }
        // Every sampler has fetched the adapter and is in its stride.
        let ready = learner.units + 4 * count
        let patience = ContinuousClock.now + .seconds(60)
        while learner.units < ready {
            guard .now < patience else { throw ServiceError("the samplers do not come: \(place.folder.path)") }
            try await Task.sleep(for: .milliseconds(20))
        }
        let (units, used, start) = (
            learner.units, FleetPlace.processorSeconds(coordinator.processID), ContinuousClock.now
        )
        try await Task.sleep(for: .seconds(duration))
        let rate = Rate(
            units: Double(learner.units - units), seconds: (ContinuousClock.now - start) / .seconds(1),
            coordinatorSeconds: FleetPlace.processorSeconds(coordinator.processID) - used)
        await withTaskGroup(of: Void.self) { group in
            for sampler in samplers { group.addTask { await sampler.stop(within: .seconds(5)) } }
        }
        return rate
    }

    func end() async {
        shutdown.request("the benchmark is over")
        for task in tasks { task.cancel() }
        coordinator.kill()
        _ = await coordinator.wait()
        for endpoint in endpoints { await endpoint.close() }
    }
}
