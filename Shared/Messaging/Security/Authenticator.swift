import Synchronization

/// Decides who may connect: the allow list, as it is now, and who is banned for a while.
///
/// Any thread may ask; the ZAP handler does for every handshake, and has it look for a changed file in between.
public final class Authenticator: Sendable {
    /// What is to become of a handshake.
    package enum Decision: Hashable, Sendable {
        case admitted(PeerIdentity)
        /// Not on the list: trying again does not help.
        case refused
        /// Broke the protocol a short time ago: may try again later.
        case banned
    }

    /// A key at an address: several processes may share a role's key, and one that misbehaves shall not shut out those elsewhere.
    private struct Source: Hashable {
        let key: PublicKey
        let address: String
    }

    private struct State {
        var holders: [PublicKey: PeerIdentity] = [:]
        /// Keys that were on the list once.
        var revoked: Set<PublicKey> = []
        var stamp: FileStamp?
        var problem: String?
        var bans: [Source: ContinuousClock.Instant] = [:]
        /// Refusals that were reported a short time ago, with those that have come since.
        var reported: [Source: (at: ContinuousClock.Instant, more: Int)] = [:]
        var watchers: [UInt64: @Sendable () -> Void] = [:]
        var nextWatcher: UInt64 = 0
    }

    /// The same refusal is reported once in that time.
    private static let reportInterval = Duration.seconds(60)
    /// Sources whose refusals are reported in that time: keys cost nothing.
    private static let maximumReported = 100

    private let path: String?
    private let report: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// Lets in who is on a list, for ever.
    public init(_ allowed: AllowList) {
        path = nil
        report = { _ in }
        replace(allowed, nil)
    }

    /// Lets in who is on the list in a file, which is read again whenever it changes.
    ///
    /// A file that cannot be read later leaves the list as it was. Refusals, bans and such trouble are reported, a line each.
    ///
    /// - Throws: ``KeyError`` that names the file.
    public init(file path: String, report: @escaping @Sendable (String) -> Void = { _ in }) throws(KeyError) {
        self.path = path
        self.report = report
        let file = try GuardedFile.read(path, secret: false)
        replace(try Self.list(file.text, path), file.stamp)
    }

    // MARK: Decisions

    /// The holder of a key as the list says now.
    public func holder(of key: PublicKey) -> PeerIdentity? {
        state.withLock { $0.holders[key] }
    }

    /// Whom a dialler finds at an address with a key: nil if the key was taken off the list.
    ///
    /// Of a key that never was on it nothing is known: another list than this one lets its holders in.
    package func listener(with key: PublicKey) -> PeerIdentity? {
        state.withLock { state in
            if let holder = state.holders[key] { return holder }
            return state.revoked.contains(key) ? nil : PeerIdentity(name: "", role: "", key: key)
        }
    }

    /// Decides on a handshake.
    ///
    /// A key that was added this moment counts already.
    package func decide(_ key: PublicKey, at address: String) -> Decision {
        refresh()
        let decision: Decision = state.withLock { state in
            guard let holder = state.holders[key] else { return .refused }
            guard let end = state.bans[Source(key: key, address: address)] else { return .admitted(holder) }
            if end > .now { return .banned }
            state.bans[Source(key: key, address: address)] = nil
            return .admitted(holder)
        }
        switch decision {
        case .admitted: break
        case .refused: reportRefusal(key, address, "is not on the list")
        case .banned: reportRefusal(key, address, "is banned for a while")
        }
        return decision
    }

    /// One line a minute for each source, of so many sources at most: who is refused dials again and again.
    private func reportRefusal(_ key: PublicKey, _ address: String, _ reason: String) {
        let source = Source(key: key, address: address)
        let more: Int? = state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.reported[source], now - last.at < Self.reportInterval {
                state.reported[source]?.more += 1
                return nil
            }
            let more = state.reported[source]?.more ?? 0
            if state.reported.count >= Self.maximumReported {
                state.reported = state.reported.filter { now - $0.value.at < Self.reportInterval }
            }
            guard state.reported.count < Self.maximumReported else { return nil }
            state.reported[source] = (now, 0)
            return more
        }
        guard let more else { return }
        let place = address.isEmpty ? "" : " from \(address)"
        let repeated = more > 0 ? " (and \(more) more before)" : ""
        report("refused a connection\(place): its key \(key) \(reason)\(repeated)")
    }

    /// Keeps a key at an address out for a while.
    package func ban(_ key: PublicKey, at address: String, for duration: Duration) {
        guard duration > .zero else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            state.bans = state.bans.filter { $0.value > now }
            state.bans[Source(key: key, address: address)] = now + duration
        }
    }

    // MARK: The list

    /// Reads the file again if it has changed.
    package func refresh() {
        guard let path, let stamp = FileStamp(path), stamp != state.withLock(\.stamp) else { return }
        do throws(KeyError) {
            let file = try GuardedFile.read(path, secret: false)
            replace(try Self.list(file.text, path), file.stamp)
            report("read \(path) again")
        } catch {
            // Only once: the file may be half written, and this is asked several times a second.
            let isNew = state.withLock { state in
                defer { state.problem = error.description }
                return state.problem != error.description
            }
            if isNew { report("the list of keys stays as it was: \(error.description)") }
        }
    }

    /// Calls a closure after every change of the list, until it is removed by the number that is returned.
    package func watch(_ action: @escaping @Sendable () -> Void) -> UInt64 {
        state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = action
            return state.nextWatcher
        }
    }

    package func unwatch(_ number: UInt64) {
        state.withLock { _ = $0.watchers.removeValue(forKey: number) }
    }

    private func replace(_ list: AllowList, _ stamp: FileStamp?) {
        let watchers = state.withLock { state in
            state.revoked.formUnion(state.holders.keys)
            state.holders = Dictionary(list.entries.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
            state.revoked.subtract(state.holders.keys)
            state.stamp = stamp
            state.problem = nil
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher() }
    }

    private static func list(_ text: String, _ path: String) throws(KeyError) -> AllowList {
        do throws(KeyError) { return try AllowList(text: text) } catch {
            throw KeyError("\(path): \(error.description)")
        }
    }
}
