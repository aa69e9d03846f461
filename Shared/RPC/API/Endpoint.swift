import Messaging
import Synchronization

/// A process's end of all its sessions: it listens, it dials, and it owns the thread that does both.
public final class Endpoint: Sendable {
    private struct State {
        var cores: [ObjectIdentifier: SessionCore] = [:]
        var listeners: [ObjectIdentifier: Listener] = [:]
        var isClosed = false
    }

    /// What the peers are told.
    public let name: String
    /// What kind of process this is.
    public let role: String
    /// How patient it is.
    public let configuration: EndpointConfiguration
    /// The thread of the endpoint's sockets; actors that neither block nor compute for long may live there.
    public let reactor: Reactor
    /// Runs tasks on the thread of the endpoint's sockets.
    ///
    /// Callers that prefer it save two changes of thread with every call. Nothing there may block or compute for long.
    public let executor: ReactorTaskExecutor
    private let transport: any Transport
    private let bootID: UInt64
    private let state = Mutex(State())
    private let desk = ServingDesk()
    private let memory: MemoryBudget

    /// An endpoint without sessions.
    ///
    /// - Throws: ``RPCStatus`` resourceExhausted when no thread or descriptor is left.
    public init(
        name: String, role: String = "", transport: any Transport = ZeroMQTransport(),
        configuration: EndpointConfiguration = EndpointConfiguration()
    ) throws(RPCStatus) {
        self.name = name
        self.role = role
        self.transport = transport
        self.configuration = configuration
        bootID = UInt64.random(in: 1 ... .max)
        memory = MemoryBudget(configuration.memoryBudget)
        do throws(MessagingError) { reactor = try Reactor() } catch { throw RPCStatus(error) }
        executor = ReactorTaskExecutor(reactor)
        if let onLongTurn = configuration.onLongTurn { reactor.onLongTurn(onLongTurn) }
        if let onTurnedAway = configuration.onTurnedAway { reactor.onTurnedAway(onTurnedAway) }
    }

    /// Takes sessions at an address, and serves calls on them.
    ///
    /// The address is `tcp://127.0.0.1:PORT` (0: the system chooses) or `ipc:///PATH` in a folder of mode 0700.
    ///
    /// - Throws: ``RPCStatus`` invalidArgument, permissionDenied (the address may not be bound), alreadyExists (it is in
    ///   use) or unavailable; the message begins with the address.
    public func listen(_ address: String, services: [ServiceDefinition] = []) async throws(RPCStatus) -> Listener {
        try configuration.permissions?.requireServing(services, as: role)
        let listener = Listener { [weak self] listener in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: ObjectIdentifier(listener)) }
        }
        let table = table(services)
        let accept: @Sendable (any Link) -> Void = { [weak self] link in
            guard let self else { return link.close() }
            var settings = settings(table, link)
            settings.sessionID = UInt64.random(in: 1 ... .max)
            let core = SessionCore(
                link: link, reactor: reactor, taskExecutor: executor, role: .listener, settings: settings, table: table,
                conduct: conduct, observer: observer(listener))
            guard add(core) else { return link.close() }
            core.start()
        }
        do throws(MessagingError) {
            let bound = try await transport.listen(at: address, on: reactor, accept: accept)
            listener.bind(bound)
        } catch { throw RPCStatus(error) }
        let isOpen = state.withLock { state in
            if !state.isClosed { state.listeners[ObjectIdentifier(listener)] = listener }
            return !state.isClosed
        }
        guard isOpen else {
            await listener.close()
            throw closed
        }
        return listener
    }

    /// Opens a session.
    ///
    /// The services are what the peer may call on it.
    ///
    /// - Throws: ``RPCStatus`` unavailable, with the address, when nobody answers there.
    public func dial(_ address: String, services: [ServiceDefinition] = []) async throws(RPCStatus) -> Session {
        guard !state.withLock(\.isClosed) else { throw closed }
        try configuration.permissions?.requireServing(services, as: role)
        let link: any Link
        do throws(MessagingError) {
            link = try await transport.connect(to: address, on: reactor, timeout: configuration.connectTimeout)
        } catch { throw RPCStatus(error) }
        let table = table(services)
        let core = SessionCore(
            link: link, reactor: reactor, taskExecutor: executor, role: .dialer, settings: settings(table, link),
            table: table, conduct: conduct,
            observer: observer(nil))
        // It may have been closed while the connection was made.
        guard add(core) else {
            await reactor.perform { link.close() }
            throw closed
        }
        await reactor.perform { core.start() }
        do throws(RPCStatus) { return try await core.waitUntilOpen() } catch {
            throw RPCStatus(error.code, "\(address): \(error.message)")
        }
    }

    /// A channel to an address, which dials when it is needed.
    public func channel(_ address: String, services: [ServiceDefinition] = []) -> Channel {
        Channel(endpoint: self, address: address, services: services)
    }

    /// A channel to a service that several servers offer; a resolver tells it where they are.
    ///
    /// The name is for messages.
    public func balancedChannel(
        _ name: String, policy: LoadBalancing, services: [ServiceDefinition] = []
    ) -> BalancedChannel {
        BalancedChannel(endpoint: self, name: name, policy: policy, services: services)
    }

    /// Ends all sessions and listeners, and the thread.
    ///
    /// Calls that are open fail with unavailable.
    public func close() async {
        let (cores, listeners) = state.withLock { state in
            state.isClosed = true
            return (Array(state.cores.values), Array(state.listeners.values))
        }
        for core in cores { await core.shutDown(RPCStatus(.unavailable, "\(name) closed its endpoint")) }
        for listener in listeners { await listener.close() }
        reactor.stop()
    }

    /// Takes no more sessions and no more calls, waits until those that are open have ended, at the latest until the
    /// grace has, and closes.
    public func drain(_ reason: String = "it is being drained", grace: Duration) async {
        let (cores, listeners) = state.withLock {
            (Array($0.cores.values), Array($0.listeners.values))
        }
        await withTaskGroup(of: Void.self) { group in
            for listener in listeners { group.addTask { await listener.drain(reason, grace: grace) } }
            for core in cores {
                group.addTask {
                    await core.drain(reason, grace: grace)
                    _ = await core.waitUntilClosed()
                }
            }
        }
        await close()
    }

    /// What goes on on the sessions that are open.
    public func snapshots() async -> [SessionSnapshot] {
        var snapshots: [SessionSnapshot] = []
        for core in state.withLock({ Array($0.cores.values) }) {
            if let snapshot = await reactor.perform({ core.snapshot }) { snapshots.append(snapshot) }
        }
        return snapshots.sorted { ($0.peer.name, $0.remoteAddress) < ($1.peer.name, $1.remoteAddress) }
    }

    private func table(_ services: [ServiceDefinition]) -> HandlerTable {
        HandlerTable(services, interceptors: measured(configuration.serverInterceptors), desk: desk)
    }

    private func measured(_ interceptors: [any ServerInterceptor]) -> [any ServerInterceptor] {
        (configuration.metrics.map { [$0] } ?? []) + interceptors
    }

    private func measured(_ interceptors: [any ClientInterceptor]) -> [any ClientInterceptor] {
        (configuration.metrics.map { [$0] } ?? []) + interceptors
    }

    private var conduct: SessionConduct {
        SessionConduct(
            compressesBodies: configuration.compressesBodies, checksumsAttachments: configuration.checksumsAttachments,
            clientInterceptors: measured(configuration.clientInterceptors),
            defaultTimeout: configuration.defaultTimeout,
            permissions: configuration.permissions)
    }

    private func settings(_ table: HandlerTable, _ link: any Link) -> SessionMachine.Settings {
        var settings = SessionMachine.Settings()
        settings.name = name
        settings.role = role
        settings.bootID = bootID
        settings.limits = configuration.limits
        if link.peer != nil {
            settings.limits.chunkBytes = min(settings.limits.chunkBytes, SessionLimits.encryptedChunkBytes)
        }
        settings.serves = table.serviceNames
        settings.heartbeat = configuration.heartbeat
        settings.lease = configuration.lease
        settings.handshakeTimeout = configuration.handshakeTimeout
        settings.defaultTimeout = configuration.defaultTimeout
        settings.memory = memory.share(of: link.peer?.key)
        settings.capacity = configuration.capacity
        return settings
    }

    private func observer(_ listener: Listener?) -> SessionCore.Observer {
        SessionCore.Observer(
            opened: { session in listener?.add(session) },
            closed: { [weak self] core in
                listener?.remove(core)
                self?.state.withLock { $0.cores[ObjectIdentifier(core)] = nil }
            })
    }

    /// Keeps a session until it ends; false if the endpoint is closed.
    private func add(_ core: SessionCore) -> Bool {
        state.withLock { state in
            if !state.isClosed { state.cores[ObjectIdentifier(core)] = core }
            return !state.isClosed
        }
    }

    private var closed: RPCStatus { RPCStatus(.unavailable, "\(name): the endpoint is closed") }
}

extension RPCStatus {
    /// An address that cannot be used.
    init(_ error: MessagingError) {
        let code: Code =
            switch error.code {
            case .invalidAddress: .invalidArgument
            case .refusedAddress: .permissionDenied
            case .refused: .unauthenticated
            case .insecure: .failedPrecondition
            case .addressInUse: .alreadyExists
            case .unreachable: .unavailable
            default: .resourceExhausted
            }
        self.init(code, error.description, notProcessed: true)
    }
}
