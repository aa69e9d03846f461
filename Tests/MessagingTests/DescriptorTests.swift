import Foundation
import Messaging
import RPC
import Testing

/// Descriptors of the process: one that is closed twice closes somebody else's.
@Suite("Descriptors")
struct DescriptorTests {
    @Test func aRefusedAddressClosesNothingOfOthers() async throws {
        let (transport, address) = Network.ipc.make()
        let holder = try Endpoint(name: "holder", transport: transport)
        let other = try Endpoint(name: "other", transport: transport)
        _ = try await holder.listen(address)
        // Threads that open descriptors all the time, and close each exactly once.
        let openers = (0..<2).map { _ in
            Task.detached {
                var failures = 0
                while !Task.isCancelled {
                    let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
                    await Task.yield()
                    if close(descriptor) != 0 { failures += 1 }
                }
                return failures
            }
        }
        for _ in 0..<2000 {
            let status = await #expect(throws: RPCStatus.self) { try await other.listen(address) }
            #expect(status?.code == .alreadyExists)
        }
        for opener in openers {
            opener.cancel()
            #expect(await opener.value == 0, "descriptors were closed by somebody else")
        }
        await other.close()
        await holder.close()
    }
}
