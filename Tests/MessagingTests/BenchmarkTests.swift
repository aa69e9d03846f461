import Messaging
import RPC
import Testing
import Wire

@Suite("The benchmark")
struct BenchmarkTests {
    @Test func measuresEveryTransport() async throws {
        for network in Network.allCases {
            let (transport, address) = network.make()
            var benchmark = RPCBenchmark()
            benchmark.sequentialCalls = 50
            benchmark.pipelinedCalls = 640
            benchmark.transferBytes = 4 << 20
            benchmark.transfers = 2
            let measurement = try await benchmark.run(address: address, transport: transport)
            #expect(measurement.unaryMedianMicroseconds > 0)
            #expect(measurement.callsPerSecond > 0)
            #expect(measurement.transferBytesPerSecond > 0)
        }
    }
}
