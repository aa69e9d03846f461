import Testing

@testable import Messaging

@Suite("Connections that libzmq does not limit")
struct ConnectionGuardTests {
    private let start = ContinuousClock.now

    private func table() -> ConnectionGuard {
        var table = ConnectionGuard()
        table.opened(7, at: start)
        return table
    }

    @Test func manyBytesWithoutADeliveryEndAConnection() {
        var table = table()
        var look = ConnectionGuard.Look(delivered: 1, receivedBytes: 100, usedBytes: 0)
        #expect(table.objection(to: 7, look, at: start) == nil)
        look.receivedBytes = 100 + ConnectionGuard.maximumUndelivered
        #expect(table.objection(to: 7, look, at: start) == nil, "a message may be that long")
        look.receivedBytes = 101 + ConnectionGuard.maximumUndelivered
        #expect(table.objection(to: 7, look, at: start) == "the peer sends a message without an end")
    }

    @Test func aPeerThatDeliversMayReceiveAnyNumberOfBytes() {
        var table = table()
        for turn in 1...100 {
            let look = ConnectionGuard.Look(
                delivered: UInt64(turn), receivedBytes: Int64(turn) << 30, usedBytes: turn << 30)
            #expect(table.objection(to: 7, look, at: start + .seconds(turn)) == nil)
        }
    }

    @Test func whereNobodyCountsBytesAStuckConnectionIsToBlameForTheMemory() {
        var table = table()
        var look = ConnectionGuard.Look(delivered: 1, usedBytes: 0)
        #expect(table.objection(to: 7, look, at: start) == nil)
        look.usedBytes = ConnectionGuard.maximumGrowth + 1
        // Somebody else's growth: this peer has nothing on the way, or not for long.
        for hasUnreadBytes in [false, true, true, false] {
            look.hasUnreadBytes = hasUnreadBytes
            #expect(table.objection(to: 7, look, at: start) == nil)
        }
        // A delivery begins the count, and the memory, anew.
        look.delivered = 2
        #expect(table.objection(to: 7, look, at: start) == nil)
        (look.usedBytes, look.hasUnreadBytes) = (2 * look.usedBytes, true)
        for _ in 1..<ConnectionGuard.maximumUnreadLooks { #expect(table.objection(to: 7, look, at: start) == nil) }
        #expect(table.objection(to: 7, look, at: start) == "the memory grows, and the peer delivers nothing")
    }

    @Test func aMutePeerHasItsTime() {
        var table = table()
        let look = ConnectionGuard.Look(delivered: 0, receivedBytes: 0, usedBytes: 0)
        #expect(table.objection(to: 7, look, at: start + .seconds(1)) == nil)
        #expect(table.objection(to: 7, look, at: start + .seconds(5)) == nil)
        #expect(table.objection(to: 7, look, at: start + .seconds(7)) == "the peer has not said anything")
        table.closed(7)
        #expect(table.objection(to: 7, look, at: start + .seconds(8)) == nil)
    }
}
