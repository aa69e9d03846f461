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

    /// A listener with the first link that it takes.
    private struct Listening {
        let listener: any TransportListener
        let links: AsyncStream<any Link>

        init(_ network: Network, on reactor: Reactor) async throws {
            let (transport, address) = network.make()
            let (links, taken) = AsyncStream<any Link>.makeStream()
            self.links = links
            listener = try await transport.listen(at: address, on: reactor) { link in
                link.start(Receiver())
                taken.yield(link)
            }
        }

        func firstLink() async -> (any Link)? { await links.first { _ in true } }
    }

    private static func greeting() -> [Frame] { [.bytes([1])] }

    /// libzmq aborts the process when a connection breaks with a message half written, and its end of the pipe is closed.
    @Test(arguments: [Network.ipc, .tcp, .curve])
    func bothEndsMayCloseAtOnceWithMessagesHalfWritten(network: Network) async throws {
        let (transport, _) = network.make()
        let (server, client) = (try Reactor(), try Reactor())
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        let chunk = ByteBuffer(copying: bytes)
        for attempt in 0..<30 {
            let listening = try await Listening(network, on: server)
            let dialled = try await transport.connect(
                to: listening.listener.address, on: client, timeout: .seconds(10))
            let receiver = Receiver()
            await client.perform {
                dialled.start(receiver)
                dialled.send(Self.greeting())
            }
            let link = try #require(await listening.firstLink())
            await server.perform {
                for _ in 0..<20 { link.send((0..<4).map { _ in .buffer(chunk, 0..<bytes.count) }) }
            }
            // At other places of the transfer each time.
            while receiver.messages.withLock({ $0 }) < attempt % 5 { await Task.yield() }
            async let closed: Void = listening.listener.close()
            await client.perform { dialled.close() }
            await closed
        }
        server.stop()
        client.stop()
    }

    @Test(arguments: [Network.ipc, .tcp, .curve])
    func whatWasSentBeforeAListenerClosesArrives(network: Network) async throws {
        let (transport, _) = network.make()
        let (server, client) = (try Reactor(), try Reactor())
        let listening = try await Listening(network, on: server)
        let dialled = try await transport.connect(to: listening.listener.address, on: client, timeout: .seconds(10))
        let receiver = Receiver()
        await client.perform {
            dialled.start(receiver)
            dialled.send(Self.greeting())
        }
        let link = try #require(await listening.firstLink())
        await server.perform {
            for _ in 0..<500 { link.send([.bytes([1]), .bytes([UInt8](repeating: 2, count: 5000))]) }
        }
        await listening.listener.close()
        for await _ in receiver.end.stream {}
        #expect(receiver.messages.withLock { $0 } == 500)
        server.stop()
        client.stop()
    }
}
