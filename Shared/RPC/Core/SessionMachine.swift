import Messaging

/// One end of a session, decided: no clock, no socket, no task.
///
/// Every input is a method; what is to be done about it is appended to a list of actions, which the runtime takes and
/// carries out. Time comes in as timers that fire. The same code therefore runs over a socket, over memory, and in a test
/// that plays both ends by hand.
package struct SessionMachine: Sendable {
    package enum Role: Sendable {
        case dialer, listener
    }

    /// What this end says of itself, and how patient it is.
    package struct Settings: Sendable {
        package var name = ""
        package var role = ""
        package var bootID: UInt64 = 0
        package var sessionID: UInt64 = 0
        package var limits = SessionLimits()
        package var serves: [String] = []
        package var heartbeat: Duration = .milliseconds(1000)
        package var lease: Duration = .milliseconds(5000)
        package var handshakeTimeout: Duration = .seconds(5)
        package var defaultTimeout: Duration = .seconds(60)
        /// The memory for messages that nobody has read, here or there.
        package var memory = MemoryBudget(2 << 30)
        /// Calls that the process can work on at once; 0: it does not say.
        package var capacity = 0
        /// Names of the algorithms by which bodies may be compressed.
        package var compression: [String] = [Deflate.name]

        package init() {}
    }

    package enum Timer: Hashable, Sendable {
        case handshake
        case heartbeat
        case deadline(call: UInt64)
        /// The grace of a session that takes no more calls.
        case drain
        /// The time for the peer to end such a session when no call is left.
        case drained
    }

    package enum Action: Sendable {
        /// Send these of the frames beside the actions as one message.
        case transmit(Range<Int>)
        case startTimer(Timer, Duration)
        case stopTimer(Timer)
        /// The handshake is done.
        case ready(PeerInfo)
        /// The peer opened a call; its messages follow.
        case accepted(call: UInt64, CallRequest)
        case message(call: UInt64, IncomingMessage)
        /// Metadata that comes before the first message of a call that this end opened.
        case headers(call: UInt64, Metadata)
        /// The peer sends no more messages on this call.
        case inputEnded(call: UInt64)
        /// The message with that ticket has been handed to the link, its chunks included.
        case sent(call: UInt64, ticket: UInt64)
        /// The call is over: for an originated call the outcome, for an accepted one the reason to stop.
        case finished(call: UInt64, RPCStatus)
        /// The peer broke the protocol, and is not to come back for a while.
        case expel
        /// The peer takes no more calls.
        case peerIsDraining
        /// What the peer says of its load.
        case peerLoad(PeerLoad)
        /// The session is over, after all its calls.
        case closed(RPCStatus)
    }

    enum Phase {
        case opening, ready, closed
    }

    package let role: Role
    let settings: Settings
    var phase = Phase.opening
    var actions: [Action] = []
    /// The frames of what is to be sent, of all messages: a list for each would cost an allocation.
    private var frames: [Frame] = []
    var calls: [UInt64: CallRecord] = [:]
    var originatedCount = 0
    /// What the peer is willing to receive.
    var peerLimits = SessionLimits()
    /// The chunk size in force, as WELCOME said it.
    var chunkBytes = SessionLimits().chunkBytes
    var heartbeat: Duration
    var lease: Duration
    var sendWindow: SendWindow
    var receiveWindow: ReceiveWindow
    /// Calls whose next message waits for credit of the session, in order; later ones may not overtake them.
    var sessionQueue: [UInt64] = []
    var nextCall: UInt64
    var lastPeerCall: UInt64 = 0
    /// Calls that the peer has opened; its ids may leave some out.
    var peerCallCount = 0
    var reservedBytes = 0
    var peerIsDraining = false
    /// This end takes no more calls than those up to `lastPeerCall` at the time.
    var isDraining = false
    /// Whether bodies may be compressed on this session.
    package private(set) var allowsCompression = false
    /// Messages of this heartbeat that did nothing for any call.
    var idleFrames = 0
    private var hasSent = false
    private var hasHeard = false
    private var silence: Duration = .zero
    private var pingSequence: UInt32 = 0
    /// Calls that the process serves on all sessions; the runtime says so before a heartbeat.
    package var servedCalls = 0
    /// What the peer was last told of that.
    private var toldCalls = 0

    package init(role: Role, settings: Settings) {
        self.role = role
        self.settings = settings
        nextCall = role == .dialer ? 1 : 2
        heartbeat = settings.heartbeat
        lease = settings.lease
        sendWindow = SendWindow(size: settings.limits.sessionWindowBytes)
        receiveWindow = ReceiveWindow(size: settings.limits.sessionWindowBytes)
    }

    /// Whether calls should be made: while this end drains, only its handlers may.
    package var isReady: Bool { phase == .ready && !isGoing }

    /// Calls open in either direction.
    package var openCalls: Int { calls.count }

    /// Exchanges what is to be done about the inputs since the last time for empty lists, whose memory is used again.
    package mutating func takeActions(into emptyActions: inout [Action], frames emptyFrames: inout [Frame]) {
        swap(&actions, &emptyActions)
        swap(&frames, &emptyFrames)
    }

    /// What is to be done about the inputs since the last time.
    package mutating func takeActions() -> (actions: [Action], frames: [Frame]) {
        defer { (actions, frames) = ([], []) }
        return (actions, frames)
    }

    // MARK: Inputs from below

    /// The link is there.
    package mutating func linkIsUp() {
        actions.append(.startTimer(.handshake, settings.handshakeTimeout))
        if role == .dialer {
            let hello = ZRPHello(
                versionMin: 1, versionMax: 1, peer: settings.name, role: settings.role, bootID: settings.bootID,
                limits: settings.limits.wire, serves: settings.serves, compression: settings.compression)
            transmit(FrameHeader(.hello), head: encode(hello))
        }
    }

    /// The link is gone.
    package mutating func linkEnded(_ reason: String) {
        close(RPCStatus(.unavailable, reason))
    }

    /// A timer fires, so long after its time.
    package mutating func timerFired(_ timer: Timer, lateness: Duration = .zero) {
        guard phase != .closed else { return }
        switch timer {
        case .handshake:
            close(RPCStatus(.unavailable, "the peer did not say who it is within \(settings.handshakeTimeout)"))
        case .heartbeat: beat(lateness)
        case .deadline(let call): deadlinePassed(call)
        case .drain: shutDown(RPCStatus(.unavailable, "the session was drained"))
        case .drained:
            if calls.isEmpty { shutDown(RPCStatus(.unavailable, "the session was drained")) }
        }
    }

    /// PINGs when nothing else was sent; gives the peer up when it has said nothing for the lease.
    private mutating func beat(_ lateness: Duration) {
        // The peer has heard nothing either, and has given the session up: nobody wants what it asked for meanwhile.
        guard lateness < max(lease - heartbeat, lease / 2) else {
            return shutDown(RPCStatus(.unavailable, "\(settings.name) stood still for \(lateness)"))
        }
        silence = hasHeard ? .zero : silence + heartbeat
        hasHeard = false
        guard silence < lease else {
            return close(RPCStatus(.unavailable, "the peer has said nothing for \(lease)"))
        }
        if !hasSent || servedCalls != toldCalls {
            pingSequence &+= 1
            toldCalls = servedCalls
            let active = settings.capacity > 0 ? min(servedCalls, settings.capacity) : servedCalls
            let ping = ZRPPing(
                activeCalls: UInt32(clamping: active), queuedCalls: UInt32(clamping: servedCalls - active),
                capacity: UInt32(clamping: settings.capacity))
            transmit(FrameHeader(.ping, sequence: pingSequence), head: encode(ping))
        }
        hasSent = false
        idleFrames = 0
        actions.append(.startTimer(.heartbeat, heartbeat))
    }

    private mutating func deadlinePassed(_ id: UInt64) {
        guard let call = calls[id] else { return }
        fail(id, RPCStatus(.deadlineExceeded, "\(call.method): the deadline passed"))
    }

    /// A whole message of the link.
    package mutating func received(_ frames: [Frame]) {
        guard phase != .closed else { return }
        hasHeard = true
        guard let first = frames.first else { return violation("more frames than a message may have") }
        guard frames.allSatisfy({ $0.count <= settings.limits.maximumFrameBytes }) else {
            return violation("a frame of more than \(settings.limits.maximumFrameBytes) bytes")
        }
        switch FrameHeader.read(first) {
        case .malformed(let reason): violation(reason)
        case .ignorable: _ = isWelcomeIdler()
        case .header(let header):
            guard isPlausible(header, frames) else { return violation("\(header.kind) of \(frames.count) frames") }
            if phase == .opening { handshake(header, frames) } else { dispatch(header, frames) }
        }
    }

    // MARK: The handshake

    private mutating func handshake(_ header: FrameHeader, _ frames: [Frame]) {
        switch (role, header.kind) {
        case (.listener, .hello):
            guard let hello: ZRPHello = head(frames) else { return }
            guard hello.versionMin <= 1, hello.versionMax >= 1 else {
                let text = "this end speaks ZRP/1, the peer \(hello.versionMin) to \(hello.versionMax)"
                transmit(
                    FrameHeader(.status, auxiliary: RPCStatus.Code.failedPrecondition.number),
                    head: encode(RPCStatus(.failedPrecondition, text).wire))
                return close(RPCStatus(.failedPrecondition, text))
            }
            guard accepts(hello.peer, hello.role, hello.limits ?? ZRPLimits()) else { return }
            peerLimits = SessionLimits(hello.limits ?? ZRPLimits())
            var limits = settings.limits
            chunkBytes = min(
                limits.chunkBytes, limits.maximumFrameBytes, peerLimits.chunkBytes, peerLimits.maximumFrameBytes)
            limits.chunkBytes = chunkBytes
            let compression = settings.compression.first(where: hello.compression.contains) ?? ""
            allowsCompression = !compression.isEmpty
            let welcome = ZRPWelcome(
                version: 1, peer: settings.name, bootID: settings.bootID, sessionID: settings.sessionID,
                limits: limits.wire, heartbeatMs: Self.milliseconds(heartbeat), leaseMs: Self.milliseconds(lease),
                serves: settings.serves, compression: compression, role: settings.role)
            transmit(FrameHeader(.welcome), head: encode(welcome))
            becomeReady(
                PeerInfo(name: hello.peer, role: hello.role, bootID: hello.bootID, serves: hello.serves))
        case (.dialer, .welcome):
            guard let welcome: ZRPWelcome = head(frames) else { return }
            guard welcome.version == 1 else { return violation("ZRP/\(welcome.version), which was not offered") }
            guard accepts(welcome.peer, welcome.role, welcome.limits ?? ZRPLimits()) else { return }
            peerLimits = SessionLimits(welcome.limits ?? ZRPLimits())
            chunkBytes = peerLimits.chunkBytes
            // A listener that could ask for any patience would be waited for as long when it is gone.
            if welcome.heartbeatMs > 0 { heartbeat = min(.milliseconds(Int64(welcome.heartbeatMs)), .seconds(60)) }
            if welcome.leaseMs > 0 { lease = min(.milliseconds(Int64(welcome.leaseMs)), .seconds(300)) }
            guard welcome.compression.isEmpty || settings.compression.contains(welcome.compression) else {
                return violation("compression '\(welcome.compression)', which was not offered")
            }
            allowsCompression = !welcome.compression.isEmpty
            becomeReady(
                PeerInfo(name: welcome.peer, role: welcome.role, bootID: welcome.bootID, serves: welcome.serves))
        case (.dialer, .status):
            guard let status: ZRPCallStatus = head(frames) else { return }
            let refusal = RPCStatus(status, code: header.auxiliary)
            close(refusal.code == .ok ? RPCStatus(.internalError, "the peer answered HELLO with STATUS 0") : refusal)
        case (_, .reset): peerReset(frames)
        default: violation("\(header.kind) before the session is open")
        }
    }

    private mutating func becomeReady(_ peer: PeerInfo) {
        phase = .ready
        sendWindow = SendWindow(size: peerLimits.sessionWindowBytes)
        actions.append(.stopTimer(.handshake))
        actions.append(.startTimer(.heartbeat, heartbeat))
        actions.append(.ready(peer))
    }

    private static func milliseconds(_ duration: Duration) -> UInt32 {
        UInt32(clamping: duration.milliseconds)
    }

    // MARK: The end

    /// Ends the session from this side.
    package mutating func shutDown(_ status: RPCStatus) {
        guard phase != .closed else { return }
        transmit(FrameHeader(.reset), head: encode(status.wire))
        close(status)
    }

    mutating func peerReset(_ frames: [Frame]) {
        let text = (try? ZRPCallStatus(frame: frames.count > 1 ? frames[1] : .bytes([])))?.text ?? ""
        close(
            RPCStatus(.unavailable, text.isEmpty ? "the peer ended the session" : "the peer ended the session: \(text)")
        )
    }

    /// The peer broke the protocol: the session cannot go on, but everything else can.
    mutating func violation(_ reason: String) {
        guard phase != .closed else { return }
        let status = RPCStatus(.unavailable, "the peer broke the protocol: \(reason)")
        transmit(FrameHeader(.reset), head: encode(status.wire))
        actions.append(.expel)
        close(status)
    }

    /// Takes memory for messages; false if none is left.
    mutating func reserve(_ bytes: Int) -> Bool {
        guard settings.memory.take(bytes) else { return false }
        reservedBytes += bytes
        return true
    }

    mutating func release(_ bytes: Int) {
        settings.memory.give(bytes)
        reservedBytes -= bytes
    }

    /// Gives back what messages hold that nobody will read.
    mutating func releaseAll() { release(reservedBytes) }

    mutating func close(_ status: RPCStatus) {
        guard phase != .closed else { return }
        phase = .closed
        for id in calls.keys.sorted() {
            actions.append(.stopTimer(.deadline(call: id)))
            var ending = status
            ending.notProcessed = calls[id].map { $0.isOriginated && !$0.hasSentRequest } ?? false
            release(calls[id]?.heldBytes ?? 0)
            actions.append(.finished(call: id, ending))
        }
        (calls, originatedCount, sessionQueue) = ([:], 0, [])
        actions.append(.stopTimer(.handshake))
        actions.append(.stopTimer(.heartbeat))
        actions.append(.stopTimer(.drain))
        actions.append(.stopTimer(.drained))
        actions.append(.closed(status))
    }

    // MARK: Frames

    mutating func transmit(_ header: FrameHeader, head: [UInt8]? = nil) {
        transmit { frames in
            frames.append(header.frame)
            if let head { frames.append(.bytes(head)) }
        }
    }

    /// Sends the frames that the closure appends, as one message.
    mutating func transmit(_ write: (inout [Frame]) -> Void) {
        hasSent = true
        let start = frames.count
        write(&frames)
        actions.append(.transmit(start..<frames.count))
    }

    /// A head of our own making; its strings have been checked for NUL.
    func encode(_ message: some WireMessage) -> [UInt8] {
        (try? message.encoded()) ?? []
    }

    /// Frame 1, or nil after a violation.
    mutating func head<Head: WireMessage>(_ frames: [Frame]) -> Head? {
        guard frames.count > 1 else { return Head() }
        do throws(WireError) { return try Head(frame: frames[1]) } catch {
            violation(error.description)
            return nil
        }
    }
}

extension WireMessage {
    /// Decodes a head.
    init(frame: Frame) throws(WireError) {
        var limits = WireCheck()
        limits.maximumBytes = SessionLimits.maximumHeadBytes
        let result: Result<Self, WireError> = frame.withUnsafeBytes { bytes in
            do throws(WireError) { return .success(try Self(decoding: bytes, limits: limits)) } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }
}
