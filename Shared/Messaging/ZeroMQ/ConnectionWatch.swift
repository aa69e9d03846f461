internal import CAccept

/// Has the connections of a reactor's sockets looked at, in time to end one that fills the memory.
///
/// Touched on the reactor only.
final class ConnectionWatch {
    /// A socket whose peers might send without an end.
    protocol Watched: AnyObject {
        /// Ends connections that fill the memory, or that say nothing; the memory is what the process uses, in bytes.
        func lookAtConnections(usedBytes: Int)
    }

    /// How often the memory of the process is looked at; the connections are whenever it has grown, and every so often.
    private static let interval = Duration.milliseconds(20)
    private static let looksWithoutGrowth = 50
    /// Looking takes at most the share of the reactor's time whose denominator this is.
    private static let rest = 10
    private static let remarkableGrowth = 16 << 20
    /// How often it is told that connections were turned away.
    private static let reportInterval = Duration.seconds(10)

    private var watched: [ObjectIdentifier: any Watched] = [:]
    private var timer: ReactorTimer?
    private var idleLooks = 0
    private var lastUsedBytes = 0
    /// Connections that were turned away, as far as the reactor was told, and when it was.
    private var turnedAway = (count: atelier_turned_away(), told: ContinuousClock.Instant?.none)

    /// Watches a socket until ``remove(_:on:)``, which is owed.
    func add(_ socket: any Watched, on reactor: Reactor) {
        watched[ObjectIdentifier(socket)] = socket
        if timer == nil { lookLater(reactor) }
    }

    func remove(_ socket: any Watched, on reactor: Reactor) {
        watched[ObjectIdentifier(socket)] = nil
        guard watched.isEmpty, let timer else { return }
        reactor.cancel(timer)
        self.timer = nil
    }

    private func lookLater(_ reactor: Reactor, after pause: Duration = interval) {
        timer = reactor.schedule(after: pause) { [unowned reactor] in
            let start = ContinuousClock.now
            self.lookAtDoor(reactor)
            self.look()
            // The last look may have ended the last connection. Malloc counts its free pieces, of which there may be a million.
            if self.timer != nil { self.lookLater(reactor, after: max(Self.interval, (.now - start) * Self.rest)) }
        }
    }

    /// Tells how many connections were turned away for want of descriptors, now and then.
    private func lookAtDoor(_ reactor: Reactor) {
        let count = atelier_turned_away()
        guard count > turnedAway.count else { return }
        let now = ContinuousClock.now
        if let told = turnedAway.told, now - told < Self.reportInterval { return }
        reactor.tellOfTurnedAway(Int(count - turnedAway.count))
        turnedAway = (count, now)
    }

    private func look() {
        let used = ProcessMemory.usedBytes
        idleLooks += 1
        guard used > lastUsedBytes + Self.remarkableGrowth || idleLooks >= Self.looksWithoutGrowth else { return }
        (idleLooks, lastUsedBytes) = (0, used)
        for socket in Array(watched.values) { socket.lookAtConnections(usedBytes: used) }
    }
}
