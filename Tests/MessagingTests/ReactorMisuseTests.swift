import Foundation
import Messaging
import Testing

/// A socket belongs to one thread: another one that touches it is stopped, before libzmq's own state is in ruins.
@Suite("Misuse of a reactor's sockets", .timeLimit(.minutes(1)))
struct ReactorMisuseTests {
    /// Takes whatever comes.
    private final class Nobody: LinkReceiver {
        func linkReceived(_ frames: [Frame]) {}
        func linkEnded(_ reason: String) {}
    }

    /// A connection over ipc within this process, and the reactor it belongs to.
    private static func connection() async throws -> (reactor: Reactor, link: any Link) {
        let (server, client) = (try Reactor(), try Reactor())
        let (transport, address) = Network.ipc.make()
        let listener = try await transport.listen(at: address, on: server) { $0.start(Nobody()) }
        let link = try await transport.connect(to: listener.address, on: client, timeout: .seconds(10))
        await client.perform { link.start(Nobody()) }
        // The process of an exit test has nobody who tidies up after it.
        try? FileManager.default.removeItem(atPath: String(address.dropFirst("ipc://".count).dropLast("/socket".count)))
        return (client, link)
    }

    /// Without this the others would show nothing.
    @Test func onItsThreadALinkCanBeUsed() async {
        await #expect(processExitsWith: .success) {
            let (reactor, link) = try await ReactorMisuseTests.connection()
            await reactor.perform {
                link.send([.bytes([1])])
                link.close()
            }
        }
    }

    @Test func aSendFromAnotherThreadTraps() async {
        let result = await #expect(processExitsWith: .failure) {
            let (_, link) = try await ReactorMisuseTests.connection()
            link.send([.bytes([1])])
        }
        expectTrap(result)
    }

    @Test func aCloseFromAnotherThreadTraps() async {
        let result = await #expect(processExitsWith: .failure) {
            let (_, link) = try await ReactorMisuseTests.connection()
            link.close()
        }
        expectTrap(result)
    }

    @Test func aTimerFromAnotherThreadTraps() async {
        let result = await #expect(processExitsWith: .failure) {
            _ = try Reactor().schedule(after: .seconds(1)) {}
        }
        expectTrap(result)
    }

    /// By a signal: an error that was thrown is an exit code.
    private func expectTrap(_ result: ExitTest.Result?) {
        guard case .signal = result?.exitStatus else {
            Issue.record("it ended with \(String(describing: result?.exitStatus))")
            return
        }
    }
}
