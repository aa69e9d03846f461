import Messaging
import RPC
import Synchronization
import Testing

/// How connections end, below the sessions.
@Suite("Ends of links", .timeLimit(.minutes(1)))
struct LinkEndTests {
    /// Takes what comes, and tells of the end.
    private final class Receiver: LinkReceiver {
        let messages = Mutex(0)
        let end = AsyncStream<String>.makeStream()

        func linkReceived(_ frames: [Frame]) { messages.withLock { $0 += 1 } }
        func linkEnded(_ reason: String) {
            end.continuation.yield(reason)
            end.continuation.finish()
        }
    }

    /// A listener, and both ends of a connection to it.
    private struct Connected {
        let listener: any TransportListener
        let served: any Link
        let dialled: any Link
        /// What takes the messages at the dialled end.
        let receiver = Receiver()

        init(_ network: Network, _ server: Reactor, _ client: Reactor) async throws {
            let (transport, address) = network.make()
            let (links, taken) = AsyncStream<any Link>.makeStream()
            listener = try await transport.listen(at: address, on: server) { link in
                link.start(Receiver())
                taken.yield(link)
            }
            let dialled = try await transport.connect(to: listener.address, on: client, timeout: .seconds(10))
            self.dialled = dialled
            let receiver = receiver
            await client.perform {
                dialled.start(receiver)
                dialled.send([.bytes([1])])
            }
            served = try #require(await links.first { _ in true })
        }
    }

    /// libzmq aborts the process when a connection breaks with a message half written, and its end of the pipe is closed.
    @Test(arguments: [Network.ipc, .tcp, .curve])
    func bothEndsMayCloseAtOnceWithMessagesHalfWritten(network: Network) async throws {
        let (server, client) = (try Reactor(), try Reactor())
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        let chunk = ByteBuffer(copying: bytes)
        for attempt in 0..<30 {
            let connected = try await Connected(network, server, client)
            let (link, dialled) = (connected.served, connected.dialled)
            await server.perform {
                for _ in 0..<20 { link.send((0..<4).map { _ in .buffer(chunk, 0..<bytes.count) }) }
            }
            // At other places of the transfer each time.
            while connected.receiver.messages.withLock({ $0 }) < attempt % 5 { await Task.yield() }
            async let closed: Void = connected.listener.close()
            await client.perform { dialled.close() }
            await closed
        }
        server.stop()
        client.stop()
    }

    @Test(arguments: [Network.ipc, .tcp, .curve])
    func whatWasSentBeforeAListenerClosesArrives(network: Network) async throws {
        let (server, client) = (try Reactor(), try Reactor())
        let connected = try await Connected(network, server, client)
        let link = connected.served
        await server.perform {
            for _ in 0..<500 { link.send([.bytes([1]), .bytes([UInt8](repeating: 2, count: 5000))]) }
        }
        await connected.listener.close()
        for await _ in connected.receiver.end.stream {}
        #expect(connected.receiver.messages.withLock { $0 } == 500)
        server.stop()
        client.stop()
    }
}
