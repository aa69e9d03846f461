import Foundation
import Ledger
import Logging
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime

/// A fleet whose samplers sleep instead of drawing, so that what remains is what the system itself costs.
///
/// Real are the coordinator and its ledger, the processes of the samplers with their loop, the keys, the sockets, the
/// trajectories and the adapters; the learner does not learn.
struct FleetBenchmark {
    struct Measurement: Encodable {
        var samplers: Int
        var secondsPerUnit: Double
        var unitsPerSecondOfOne: Double
        var unitsPerSecondOfAll: Double
        /// Units of all samplers, over those of one times their number.
        var scalingEfficiency: Double
        /// Units of all samplers, over those of as many that do nothing but sleep.
        var shareOfIdeal: Double
        /// Processor time of the coordinator for each unit, when samplers do not even sleep.
        var coordinatorMicrosecondsPerUnit: Double
        var unitsPerSecondAtMost: Double
        var adapterBytes: Int
        var readers: Int
        /// From the learner's publishing to the last reader that has it and its hash.
        var adapterMedianMilliseconds: Double
        var adapter95thMilliseconds: Double
        var adapterMaximumMilliseconds: Double
        /// The same to every reader by itself, without a relay.
        var adapterDirectMedianMilliseconds: Double
        var adapterDirect95thMilliseconds: Double
    }

    var samplers = 16
    var secondsPerUnit = 0.1
    /// How long each rate is measured.
    var seconds = 8.0
    var adapterBytes = 5 << 20
    var readers = 8
    var versions = 40

    private static let unitsPerRound = 128

    func run() async throws -> Measurement {
        let place = try FleetPlace()
        defer { place.remove() }
        let (relayed, direct) = (
            try await distribution(place, relays: true), try await distribution(place, relays: false)
        )
        let stack = try await FleetStack(place, Self.configuration)
        let one = try await stack.rate(of: 1, sleeping: secondsPerUnit, for: seconds).unitsPerSecond
        let all = try await stack.rate(of: samplers, sleeping: secondsPerUnit, for: seconds).unitsPerSecond
        let busy = try await stack.rate(of: 4, sleeping: 0, for: seconds)
        await stack.end()
        return Measurement(
            samplers: samplers, secondsPerUnit: secondsPerUnit, unitsPerSecondOfOne: one, unitsPerSecondOfAll: all,
            scalingEfficiency: all / (one * Double(samplers)), shareOfIdeal: all * secondsPerUnit / Double(samplers),
            coordinatorMicrosecondsPerUnit: busy.coordinatorSeconds / busy.units * 1e6,
            unitsPerSecondAtMost: busy.unitsPerSecond, adapterBytes: adapterBytes, readers: readers,
            adapterMedianMilliseconds: relayed[relayed.count / 2],
            adapter95thMilliseconds: relayed[(relayed.count - 1) * 95 / 100],
            adapterMaximumMilliseconds: relayed[relayed.count - 1],
            adapterDirectMedianMilliseconds: direct[direct.count / 2],
            adapterDirect95thMilliseconds: direct[(direct.count - 1) * 95 / 100])
    }

    private static var configuration: RunConfiguration {
        var configuration = RunConfiguration()
        configuration.run = "fleet-benchmark"
        configuration.rounds = 1_000_000
        // The rounds overlap, so that nobody waits for the last unit of one.
        configuration.staleness = 1
        configuration.sampling.samplesPerRound = unitsPerRound
        configuration.sampling.samplesPerUnit = 1
        configuration.sampling.steps = SleepingHost.steps
        configuration.checkpoints.every = 1_000_000
        configuration.rewards = [RewardAssignment(name: "none", spec: "checker")]
        return configuration
    }

    /// Milliseconds from the publishing of an adapter until every reader has it, sorted.
    private func distribution(_ place: FleetPlace, relays: Bool) async throws -> [Double] {
        let endpoint = try place.endpoint("learner", .learner, binds: ["tcp://127.0.0.1:0"])
        let learner = LearnerStandIn(endpoint, coordinator: "", adapterBytes: adapterBytes)
        let services: [ServiceDefinition] = [.adapters(AdapterEndpoint(learner.adapters))]
        let address = try await endpoint.listen("tcp://127.0.0.1:0", services: services).address
        let readers = try (0..<readers).map { number in
            // Without relays every reader is a host of its own.
            try FleetReader(place, learner: address, relay: place.path(relays ? "relay" : "relay-\(number)"))
        }
        defer { for reader in readers { reader.end() } }
        var times: [Double] = []
        for version in 0..<versions + 3 {
            let adapter = learner.adapter(version)
            let start = ContinuousClock.now
            let policy = await learner.publish(adapter)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for reader in readers { group.addTask { try await reader.fetch(policy) } }
                try await group.waitForAll()
            }
            // The first ones find connections that are not up yet.
            if version >= 3 { times.append((ContinuousClock.now - start) / .milliseconds(1)) }
        }
        await endpoint.close()
        return times.sorted()
    }
}
