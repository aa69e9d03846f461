import ArgumentParser
import Foundation
import TensorCore

/// `atelier bench`: measures this program's side of a comparison (Tests/Benchmarks/compare.py measures both).
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures how fast a part is.",
        subcommands: [
            BenchProduct.self, BenchUNet.self, BenchTrainStep.self, BenchVAEDecode.self, BenchTextEncoder.self,
            BenchSample.self, BenchScore.self, BenchServing.self, BenchRPC.self, BenchFleet.self,
        ])
}

/// What every benchmark of the engine takes.
struct BenchOptions: ParsableArguments {
    @OptionGroup var compute: ComputeOptions
    @Option(help: "Samples in a batch.")
    var batch = 1
    @Option(help: "Arithmetic of products: f32, or bf16 with f32 sums.")
    var dtype = ComputePrecision.f32
    @Option(help: "How often it is measured, after a warm-up.")
    var repeats = 10
    @Flag(help: "Print one JSON object on standard output.")
    var json = false
    @Flag(help: "Profile one run by operation: time (the least of the repeats), floating-point operations, bytes.")
    var profile = false

    func validate() throws {
        guard batch >= 1 else { throw ValidationError("--batch \(batch): at least one sample is needed") }
        guard repeats >= 1 else { throw ValidationError("--repeats \(repeats): at least one is needed") }
    }

    /// Random tensors: the same in every run, different for every `index`.
    func random(_ shape: [Int], index: Int = 0) -> Tensor {
        Noise(seed: 0, step: index, purpose: .experiment).gaussian(shape: shape)
    }

    /// Runs `body` once to warm up and then `repeats` times, and prints what was measured; `operations` are the
    /// floating-point operations of one run, where they are known.
    func measure(_ name: String, details: [String: Int], operations: Double? = nil, _ body: () -> Void) throws {
        body()
        if profile { return try ProfileReport(OperationProfile.taken(runs: repeats, of: body)).print(asJSON: json) }
        let clock = ContinuousClock()
        let times = (0..<repeats).map { _ in clock.measure(body) / .seconds(1) }.sorted()
        let middle = (times[(repeats - 1) / 2] + times[repeats / 2]) / 2
        let report = BenchReport(
            benchmark: name, medianSeconds: middle, minSeconds: times[0], maxSeconds: times[repeats - 1],
            repeats: repeats, peakRSSBytes: ProcessMemory.peakResidentBytes, threads: compute.threads, dtype: dtype,
            batch: batch, gflops: operations.map { $0 / middle / 1e9 }, details: details)
        if json {
            try Output.json(report)
        } else {
            Output.line(report.description)
        }
    }
}

/// What a benchmark measured.
struct BenchReport: Encodable, CustomStringConvertible {
    var benchmark: String
    var medianSeconds: Double
    var minSeconds: Double
    var maxSeconds: Double
    var repeats: Int
    var peakRSSBytes: Int
    var threads: Int
    var dtype: ComputePrecision
    var batch: Int
    /// 10⁹ operations a second, at the median.
    var gflops: Double?
    /// Sizes that only some benchmarks have; they stand beside the other keys.
    var details: [String: Int]

    private enum CodingKeys: String, CodingKey {
        case benchmark, medianSeconds, minSeconds, maxSeconds, repeats, peakRSSBytes, threads, dtype, batch, gflops
    }

    func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(benchmark, forKey: .benchmark)
        try keys.encode(medianSeconds, forKey: .medianSeconds)
        try keys.encode(minSeconds, forKey: .minSeconds)
        try keys.encode(maxSeconds, forKey: .maxSeconds)
        try keys.encode(repeats, forKey: .repeats)
        try keys.encode(peakRSSBytes, forKey: .peakRSSBytes)
        try keys.encode(threads, forKey: .threads)
        try keys.encode(dtype, forKey: .dtype)
        try keys.encode(batch, forKey: .batch)
        try keys.encodeIfPresent(gflops, forKey: .gflops)
        try details.encode(to: encoder)
    }

    var description: String {
        let sizes = details.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        let rate = gflops.map { String(format: ", %.0f GFLOP/s", $0) } ?? ""
        return String(
            format: "%@ (batch %d, %@, %@, %d threads): median %.4f s, %.4f to %.4f, %d MiB%@", benchmark, batch, sizes,
            dtype.rawValue, threads, medianSeconds, minSeconds, maxSeconds, peakRSSBytes >> 20, rate)
    }
}

/// The memory of this process.
enum ProcessMemory {
    /// The most bytes that were resident at once.
    ///
    /// Of this program alone: `getrusage` would count what the process was before `exec`, for instance a fork of a large
    /// interpreter.
    static var peakResidentBytes: Int {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
}
