import ArgumentParser
import Foundation
import RPC
import SamplerService
import ServiceAPI
import ServiceRuntime

/// What the system costs around the pictures.
struct BenchFleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "How a fleet scales whose samplers sleep instead of drawing, and how fast an adapter reaches them.")

    @Option(help: "Samplers, each a process.")
    var samplers = 16
    @Option(help: "Seconds that a sampler takes for a unit.")
    var sleep = 0.1
    @Option(help: "Seconds that each rate is measured.")
    var seconds = 8.0
    @Option(help: "Bytes of the adapter that is handed to the readers.")
    var adapterBytes = 5 << 20
    @Option(help: "Processes that read it.")
    var readers = 8
    @Option(help: "How many versions of it.")
    var versions = 40
    @Flag(help: "Print one JSON object on standard output.")
    var json = false
    @Option(help: .hidden)
    var keys: String?
    @Option(help: .hidden)
    var sampler: String?
    @Option(help: .hidden)
    var reader: String?
    @Option(help: .hidden)
    var relay: String?

    func validate() throws {
        guard (1...256).contains(samplers), (1...256).contains(readers), versions >= 1, seconds > 0, sleep >= 0,
            adapterBytes >= 8
        else {
            throw ValidationError("at most 256 samplers and readers, and at least one of everything")
        }
    }

    func run() async throws {
        if let keys, let sampler { return try await runSampler(sampler, keys) }
        if let keys, let reader, let relay {
            let endpoint = try ProcessKeys.endpoint(
                name: "reader", role: .sampler, keys: keys, dials: [reader], log: FleetPlace.quietLog)
            return try await FleetReader.serve(
                endpoint, learner: reader, relay: URL(fileURLWithPath: relay), log: FleetPlace.quietLog)
        }
        var benchmark = FleetBenchmark()
        benchmark.samplers = samplers
        benchmark.secondsPerUnit = sleep
        benchmark.seconds = seconds
        benchmark.adapterBytes = adapterBytes
        benchmark.readers = readers
        benchmark.versions = versions
        let measured = try await benchmark.run()
        guard !json else { return try Output.json(measured) }
        Output.line(
            String(
                format: "%d samplers of %.3f s a unit: %.1f units/s, %.3f of %d times one, %.3f of the ideal; "
                    + "coordinator %.0f µs a unit at %.0f units/s; adapter of %d bytes to %d readers: median %.1f ms, "
                    + "95th percentile %.1f ms (without a relay %.1f and %.1f)",
                measured.samplers, measured.secondsPerUnit, measured.unitsPerSecondOfAll, measured.scalingEfficiency,
                measured.samplers, measured.shareOfIdeal, measured.coordinatorMicrosecondsPerUnit,
                measured.unitsPerSecondAtMost, measured.adapterBytes, measured.readers,
                measured.adapterMedianMilliseconds, measured.adapter95thMilliseconds,
                measured.adapterDirectMedianMilliseconds, measured.adapterDirect95thMilliseconds))
    }

    /// One sampler as a process: the real loop around a host that sleeps.
    private func runSampler(_ name: String, _ keys: String) async throws {
        let folder = URL(fileURLWithPath: keys).deletingLastPathComponent()
        var options = SamplerService.Options(name: name, coordinator: "ipc://\(folder.path)/control")
        options.keys = keys
        options.relayFolder = folder.appending(path: "fleet-relay")
        let shutdown = Shutdown()
        let signals = SignalWatch(shutdown)
        defer { withExtendedLifetime(signals) {} }
        ParentWatch.start(shutdown)
        try await SamplerService.draw(with: SleepingHost(seconds: sleep), options, shutdown, FleetPlace.quietLog)
    }
}
