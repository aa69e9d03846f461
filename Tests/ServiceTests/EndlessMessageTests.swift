import Foundation
import RPC
import Testing
import Wire

/// A peer over ipc, where nobody proves a key and the system counts no bytes, that sends one message without an end.
///
/// libzmq keeps the frames of a message until the last one has come, however many there are. What gives the peer away is
/// that the memory in use grows while its connection delivers nothing: see `ConnectionGuard`.
@Suite("A message without an end", .timeLimit(.minutes(1)))
struct EndlessMessageTests {
    /// What a dialer of ZMTP 3 says before its first message, and the first frames of one.
    private static let opening: [UInt8] = {
        let signature: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]
        let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
        let greeting = signature + [3, 0] + mechanism + [UInt8](repeating: 0, count: 32)
        let property = [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
        let ready = [5] + Array("READY".utf8) + property
        return greeting + [4, UInt8(ready.count)] + ready
    }()

    @Test(arguments: [1 << 20, 100])
    func itsSenderIsCutOffAndTheMemoryStaysBounded(frameBytes: Int) async throws {
        let place = try Workplace()
        let path = place.path("echo")
        let server = try place.start("atelier", ["bench", "rpc", "--serve", "--address", "ipc://\(path)"])
        try await place.until("the server listens") { server.outputSoFar.contains("ipc://") }
        let client = try Endpoint(name: "client")
        let session = try await client.dial("ipc://\(path)")
        #expect(try await EchoClient(session).unary(EchoRequest(text: "before")).message.text == "before")
        let before = try #require(ProcessGauge.look(at: server.child.processID)?[.memory])

        // Every frame says that another one follows.
        let isLong = frameBytes > 255
        let size =
            isLong ? (0..<8).map { UInt8(truncatingIfNeeded: frameBytes >> (8 * (7 - $0))) } : [UInt8(frameBytes)]
        let frame = [isLong ? 3 : 1] + size + [UInt8](repeating: 7, count: frameBytes)
        let block = Array(repeatElement(frame, count: max(1, (1 << 20) / frame.count)).joined())
        let connection = try RawSocket.Connection(path: path)
        let (opening, process) = (Self.opening, server.child.processID)
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<(sent: Int, peak: Double), Never>) in
            Thread.detachNewThread {
                var (sent, peak) = (0, 0.0)
                var isOpen = connection.send(opening)
                while isOpen, sent < 8 << 30 {
                    isOpen = connection.send(block)
                    sent += block.count
                    if sent >> 20 & 15 == 0 { peak = max(peak, ProcessGauge.look(at: process)?[.memory] ?? 0) }
                }
                continuation.resume(returning: (sent, peak))
            }
        }
        print(
            "endless message of frames of \(frameBytes): cut off after \(result.sent >> 20) MiB, "
                + "memory grew by \(Int(result.peak - before) >> 20) MiB")
        #expect(result.sent < 8 << 30, "it was never cut off")
        #expect(result.peak - before < Double(1 << 30))
        // Everybody else goes on.
        #expect(try await EchoClient(session).unary(EchoRequest(text: "after")).message.text == "after")
        await client.close()
        server.child.kill()
        _ = await server.ended()
    }
}
