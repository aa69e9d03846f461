internal import CZeroMQ
import Synchronization

/// Answers libzmq's question about every handshake, whether its key may come in (ZeroMQ RFC 27).
///
/// There is one for the process's context, on a thread of its own, started before the first socket that needs it is
/// bound. Every listener asks in a domain of its own.
///
/// The table of domains is behind a lock, the socket is the thread's, which is why it may be `Sendable`.
final class ZAPHandler: @unchecked Sendable {
    private static let shared = Mutex<ZAPHandler?>(nil)
    /// Changed lists are looked for that often.
    private static let refreshInterval = Duration.milliseconds(250)

    private struct Domains {
        var authenticators: [String: Authenticator] = [:]
        var serial: UInt64 = 0
    }

    private let domains = Mutex(Domains())
    private let reactor: Reactor
    private let socket: ZeroMQSocket

    private init() throws(MessagingError) {
        reactor = try Reactor()
        socket = try ZeroMQSocket(ZMQ_REP)
        guard zmq_bind(socket.handle, "inproc://zeromq.zap.01") == 0 else {
            let text = zeroMQErrorText()
            socket.close(linger: 0)
            throw MessagingError(.insecure, "something else in this process decides on keys already: \(text)")
        }
        reactor.submit {
            self.reactor.add(Reactor.Source(socket: self.socket) { self.answerAll() })
            self.refreshLater()
        }
    }

    /// The handler of this process, running.
    ///
    /// - Throws: ``MessagingError`` system or insecure.
    static func running() throws(MessagingError) -> ZAPHandler {
        let result: Result<ZAPHandler, MessagingError> = shared.withLock { shared in
            if let shared { return .success(shared) }
            do throws(MessagingError) {
                let handler = try ZAPHandler()
                shared = handler
                return .success(handler)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Opens a domain.
    ///
    /// - Returns: its name, which no other has.
    func open(_ authenticator: Authenticator) -> String {
        domains.withLock { domains in
            domains.serial += 1
            let name = "listener-\(domains.serial)"
            domains.authenticators[name] = authenticator
            return name
        }
    }

    /// Forgets a domain: nobody can come in by it any more.
    func close(_ domain: String) {
        domains.withLock { _ = $0.authenticators.removeValue(forKey: domain) }
    }

    private func refreshLater() {
        _ = reactor.schedule(after: Self.refreshInterval) {
            let authenticators = self.domains.withLock { Array($0.authenticators.values) }
            for authenticator in authenticators { authenticator.refresh() }
            self.refreshLater()
        }
    }

    private func answerAll() {
        var frames: [Frame] = []
        while let received = socket.receive(into: &frames) {
            guard case .message = received else { continue }
            _ = socket.send(answer(frames.map { $0.withUnsafeBytes { Array($0) } }))
        }
    }

    /// version, request id, domain, address, routing id, mechanism, key.
    private func answer(_ request: [[UInt8]]) -> [Frame] {
        func reply(_ code: String, _ text: String, user: String = "") -> [Frame] {
            let number = request.count > 1 ? request[1] : []
            return [Array("1.0".utf8), number, Array(code.utf8), Array(text.utf8), Array(user.utf8), []].map {
                .bytes($0)
            }
        }
        guard request.count >= 6, request[0] == Array("1.0".utf8) else { return reply("500", "malformed request") }
        let domain = String(decoding: request[2], as: UTF8.self)
        let address = String(decoding: request[3], as: UTF8.self)
        guard request[5] == Array("CURVE".utf8), request.count == 7, let key = PublicKey(bytes: request[6]) else {
            return reply("400", "keys are demanded")
        }
        guard let authenticator = domains.withLock({ $0.authenticators[domain] }) else {
            return reply("500", "no such domain")
        }
        switch authenticator.decide(key, at: address) {
        // The key, and not its holder's name: the list is asked again for what the holder may do now.
        case .admitted: return reply("200", "OK", user: key.z85)
        case .refused: return reply("400", "this key is not on the list")
        // libzmq does not tell the peer about a 300, so that the peer tries again later.
        case .banned: return reply("300", "banned for a while")
        }
    }
}
