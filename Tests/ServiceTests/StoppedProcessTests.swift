import Foundation
import Messaging
import RPC
import Synchronization
import Testing
import Wire

/// Processes that are stopped for longer than their lease, and go on: whoever waited for them has given them up, and nothing
/// that was asked of them meanwhile is carried out.
@Suite("Processes that are stopped and go on", .timeLimit(.minutes(1)))
struct StoppedProcessTests {
    @Test func aServerCarriesOutNothingThatNobodyWaitsForAnyMore() async throws {
        let peer = try await RewardPeer(.tcp)
        let (score, method) = (ScoreClient(peer.session), "atelier.score.Score/Describe")
        _ = try await score.describe(ScoreDescribeRequest())
        let before = try await peer.executions(of: method, on: peer.session)
        #expect(before == 1)
        try await peer.service.suspend()
        let start = ContinuousClock.now
        let codes = await withTaskGroup(of: RPCStatus.Code?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let options = CallOptions(timeout: .seconds(30))
                    do { _ = try await score.describe(ScoreDescribeRequest(), options: options) } catch {
                        return (error as? RPCStatus)?.code
                    }
                    return .ok
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.allSatisfy { $0 == .unavailable }, "\(codes)")
        // The lease is five seconds.
        #expect((.seconds(4) ... .seconds(9)).contains(.now - start), "\(.now - start)")
        peer.service.resume()
        let late = await #expect(throws: RPCStatus.self) { try await score.describe(ScoreDescribeRequest()) }
        #expect(late?.notProcessed == true)
        // A new session works. Once the old one is gone, all that had come on it has been read.
        var dialled: Session?
        try await peer.place.until("a new session is open") {
            dialled = try? await peer.client.dial(peer.address)
            return dialled != nil
        }
        let again = try #require(dialled)
        try await peer.place.until("the old session is gone") {
            try await IntrospectionClient(again).sessions(IntrospectionSessionsRequest()).message.sessions.count == 1
        }
        #expect(try await peer.executions(of: method, on: again) == before)
        await peer.end()
    }

    private final class Counter: Sendable {
        private let number = Atomic(0)

        var value: Int { number.load(ordering: .relaxed) }
        func add() { number.wrappingAdd(1, ordering: .relaxed) }
    }

    @Test func aClientLosesItsSessionAndFindsThatOut() async throws {
        let place = try Workplace()
        var configuration = EndpointConfiguration()
        configuration.heartbeat = .milliseconds(200)
        configuration.lease = .seconds(1)
        let executions = Counter()
        let counting = ServiceDefinition(
            name: "atelier.echo.Echo",
            handlers: [
                MethodHandler(unary: EchoMethods.unary) { _, _ in
                    executions.add()
                    return Reply(EchoResponse())
                }
            ])
        let server = try Endpoint(name: "server", configuration: configuration)
        let listener = try await server.listen("ipc://\(place.path("echo"))", services: [counting])
        let client = try place.start(
            "atelier", ["bench", "rpc", "--server", listener.address, "--calls", "1000000000"])
        try await place.until("calls come") { executions.value > 100 }
        try await client.suspend()
        try await place.until("its lease has ended") { await server.snapshots().isEmpty }
        let count = executions.value
        client.resume()
        let ended = await client.ended()
        #expect(ended.ending == .exited(1))
        #expect(ended.lastLine.contains("unavailable"), "\(ended.error)")
        #expect(executions.value == count)
        await server.close()
    }
}
