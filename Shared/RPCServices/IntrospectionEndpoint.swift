import RPC
import Wire

/// Shows the sessions and calls of an endpoint; served as `atelier.introspection.Introspection`.
struct IntrospectionEndpoint: IntrospectionService {
    weak let endpoint: Endpoint?
    let metrics: CallMetrics

    func sessions(
        _ request: IntrospectionSessionsRequest, _ context: ServerContext
    ) async throws -> Reply<IntrospectionSessionsReply> {
        let snapshots = await endpoint?.snapshots() ?? []
        return Reply(IntrospectionSessionsReply(sessions: snapshots.map(Self.wire)))
    }

    func methods(
        _ request: IntrospectionMethodsRequest, _ context: ServerContext
    ) async throws -> Reply<IntrospectionMethodsReply> {
        let methods = metrics.figures.sorted {
            ($0.key.method, $0.key.isClient ? 0 : 1) < ($1.key.method, $1.key.isClient ? 0 : 1)
        }
        return Reply(
            IntrospectionMethodsReply(
                methods: methods.map { key, figures in
                    IntrospectionMethodFigures(
                        method: key.method, originated: key.isClient, started: UInt64(figures.started),
                        ended: Dictionary(
                            figures.ended.map { ($0.key.number, UInt64($0.value)) }, uniquingKeysWith: { $1 }),
                        meanSeconds: figures.mean / .seconds(1),
                        medianSeconds: figures.duration(ofPart: 0.5) / .seconds(1),
                        slowestPercentSeconds: figures.duration(ofPart: 0.99) / .seconds(1))
                }))
    }

    private static func wire(_ snapshot: SessionSnapshot) -> IntrospectionSession {
        IntrospectionSession(
            peer: snapshot.peer.name, role: snapshot.peer.role, address: snapshot.remoteAddress,
            bootID: snapshot.peer.bootID, draining: snapshot.isDraining, sendCredit: Int64(snapshot.sendCredit),
            unreturnedBytes: UInt64(snapshot.unreturnedBytes), waitingCalls: UInt32(snapshot.waitingCalls),
            callsStarted: UInt64(snapshot.callsStarted),
            calls: snapshot.calls.map { call in
                IntrospectionCall(
                    id: call.id, method: call.method, originated: call.isOriginated, unread: UInt32(call.unread),
                    queued: UInt32(call.queued), sendCredit: Int64(call.sendCredit))
            }, reservedBytes: UInt64(snapshot.reservedBytes))
    }
}
