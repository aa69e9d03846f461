internal import CZeroMQ
import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// Finds out, before the first socket is bound, whether this process really refuses strangers.
///
/// libzmq lets everybody in when the handler of keys is missing or a build ignores an option. So a listener is set up as
/// every other, on an abstract socket of this process, and three try it: a friend must be let in, a stranger and one without
/// keys refused.
struct RefusalTest {
    /// Handshakes take a millisecond; only a machine that is very busy needs seconds.
    private static let patience: Int = 5000
    private static let passed = Mutex(false)

    /// Runs the test unless it has been passed in this process.
    ///
    /// - Throws: ``MessagingError`` insecure.
    static func requirePassed() throws(MessagingError) {
        let result: Result<Void, MessagingError> = passed.withLock { passed in
            guard !passed else { return .success(()) }
            do throws(MessagingError) {
                try RefusalTest().run()
                passed = true
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Opens a domain for the test's listener; tests of this test give one that is broken.
    var open: (ZAPHandler, Authenticator) -> String = { $0.open($1) }
    /// Demands keys of whoever comes; tests of this test give one that does not.
    var guardListener: @Sendable (ZeroMQSocket, KeyPair, String) throws(MessagingError) -> Void = {
        (listener, keys, domain) throws(MessagingError) in try listener.demandKeys(keys, domain: domain)
    }
    /// For tests of this test: has the stranger on the list.
    var admitsEverybody = false

    /// - Throws: ``MessagingError`` insecure, when one without keys or a stranger was let in, or a friend was not.
    func run() throws(MessagingError) {
        let (listenerKeys, friend, stranger) = (try Self.keys(), try Self.keys(), try Self.keys())
        var allowed = AllowList()
        do throws(KeyError) {
            try allowed.add(PeerIdentity(name: "friend", role: "test", key: friend.publicKey))
            if admitsEverybody {
                try allowed.add(PeerIdentity(name: "stranger", role: "test", key: stranger.publicKey))
            }
        } catch {
            throw MessagingError(.insecure, error.description)
        }
        let handler = try ZAPHandler.running()
        let domain = open(handler, Authenticator(allowed))
        defer { handler.close(domain) }
        let listener = try ZeroMQSocket(ZMQ_ROUTER)
        defer { listener.close(linger: 0) }
        try guardListener(listener, listenerKeys, domain)
        let address = "ipc://@atelier-refusal-test-\(getpid())-\(listenerKeys.publicKey.hexadecimal.prefix(16))"
        guard zmq_bind(listener.handle, address) == 0 else {
            throw MessagingError(.insecure, "the refusal of strangers cannot be tested: \(zeroMQErrorText())")
        }
        let advice = "no socket is bound; is libzmq 4.3 with CURVE installed?"
        if try Self.isAdmitted(nil, by: listenerKeys.publicKey, at: address) {
            throw MessagingError(.insecure, "this process lets peers in that prove no key: \(advice)")
        }
        if try Self.isAdmitted(stranger, by: listenerKeys.publicKey, at: address) {
            throw MessagingError(.insecure, "this process lets strangers in although keys are demanded: \(advice)")
        }
        guard try Self.isAdmitted(friend, by: listenerKeys.publicKey, at: address) else {
            throw MessagingError(.insecure, "this process refuses a key that is on its list: \(advice)")
        }
    }

    private static func keys() throws(MessagingError) -> KeyPair {
        do throws(KeyError) { return try KeyPair.generate() } catch {
            throw MessagingError(.insecure, error.description)
        }
    }

    private static func isAdmitted(
        _ keys: KeyPair?, by listener: PublicKey, at address: String
    ) throws(MessagingError) -> Bool {
        let socket = try ZeroMQSocket(ZMQ_DEALER)
        defer { socket.close(linger: 0) }
        if let keys { try socket.proveKeys(keys, to: listener) }
        let monitor = try SocketMonitor(of: socket)
        defer {
            zmq_socket_monitor(socket.handle, nil, 0)
            monitor.socket.close(linger: 0)
        }
        guard zmq_connect(socket.handle, address) == 0 else {
            throw MessagingError(.insecure, "the refusal of strangers cannot be tested: \(zeroMQErrorText())")
        }
        let end = ContinuousClock.now + .milliseconds(patience)
        while .now < end {
            var item = zmq_pollitem_t(socket: monitor.socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
            zmq_poll(&item, 1, 100)
            switch monitor.next() {
            case .ready: return true
            case .failed, .closed, .disconnected, .stopped: return false
            case .accepted, .connected, nil: continue
            }
        }
        // Neither: a stranger who is never answered is not let in, and a friend who is not is missed above.
        return false
    }
}
