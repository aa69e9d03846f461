import Foundation
import Ledger
import Logging
import Messaging
import RPC
import RunConfiguration
import ServiceAPI
import ServiceRuntime
import Testing
import Wire

@testable import CoordinatorService

/// Who a worker is: a process that has entered on a session, and nobody who uses its name elsewhere.
@Suite(.timeLimit(.minutes(1)))
struct SuccessionTests {
    /// A coordinator with a learner, and sessions for others.
    private final class Stage: Sendable {
        let place: Workplace
        let endpoint: Endpoint
        let coordinator: Coordinator
        let learner: Session
        private let address: String

        init() async throws {
            place = try Workplace()
            let transport = MemoryTransport()
            endpoint = try Endpoint(name: "coordinator", transport: transport)
            coordinator = try Coordinator(
                try ConfigurationFile.read(try place.configure()), folder: place.folder, on: endpoint.reactor,
                shutdown: Shutdown(), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await coordinator.open()
            address = try await endpoint.listen(
                "memory://control",
                services: [
                    .fleet(FleetEndpoint(coordinator: coordinator)).inline,
                    .sampling(SamplingEndpoint(coordinator: coordinator)).inline,
                ]
            ).address
            learner = try await endpoint.dial(address)
            try await enter(.learner, "learner", on: learner)
            try await enter(.reward, "reward", on: try await session())
            try await coordinator.publish(PublishedPolicy(version: 0, sha256: "a", modules: 1))
        }

        func session() async throws -> Session { try await endpoint.dial(address) }

        func enter(_ kind: WorkerKind, _ name: String, on session: Session, process: Int32 = 1) async throws {
            let introduction = WorkerIntroduction(
                name: name, kind: kind, processID: process, address: kind == .sampler ? "" : "ipc:///\(name)",
                rewardSpec: kind == .reward ? "jpeg-compressibility" : "")
            _ = try await FleetClient(session).enter(introduction.wire)
        }

        func lease(_ session: Session) async throws -> DrawingOrder {
            let reply = try await SamplingClient(session).lease(ControlLeaseRequest(worker: "gpu", waitMs: 0))
            guard case .draw(let order) = try LeaseAnswer(reply.message) else {
                throw ServiceError("no unit to draw")
            }
            return order
        }

        func settle(_ order: DrawingOrder) async throws -> SettleOutcome {
            try await coordinator.settle(
                order.unit, SampledUnit(token: order.token, worker: "gpu", policyVersion: 0, adapter: "a"))
        }

        /// The processes that the coordinator knows under a name.
        func processes(_ name: String) async -> [Int32] {
            await coordinator.status.workers.filter { $0.name == name }.map(\.processID)
        }
    }

    @Test func itsUnitIsLeasedAgainAndOneResultCounts() async throws {
        let stage = try await Stage()
        let (first, second) = (try await stage.session(), try await stage.session())
        try await stage.enter(.sampler, "gpu", on: first, process: 7)
        let old = try await stage.lease(first)
        try await stage.enter(.sampler, "gpu", on: second, process: 8)
        let new = try await stage.lease(second)
        #expect(new.unit == old.unit)
        #expect(new.token.rawValue > old.token.rawValue)
        // The end of the first one's session, noticed late, does not throw its successor out.
        await first.close()
        try await stage.place.until("it is noticed") { await stage.coordinator.fleet.sessions.count == 3 }
        #expect(await stage.processes("gpu") == [8])
        // The noise is a function of the unit, so the late result is the same pictures; it counts once.
        #expect(try await stage.settle(old) == .accepted)
        #expect(try await stage.settle(new) == .duplicate)
        await stage.endpoint.close()
    }

    @Test func whoHasLeftGetsNoUnit() async throws {
        let stage = try await Stage()
        let session = try await stage.session()
        try await stage.enter(.sampler, "gpu", on: session)
        _ = try await FleetClient(session).leave(ControlDeregisterRequest(name: "gpu"))
        let reply = try await SamplingClient(session).lease(ControlLeaseRequest(worker: "gpu", waitMs: 0))
        #expect(try LeaseAnswer(reply.message) == .wait("gpu is not in the fleet"))
        #expect(await stage.coordinator.status.rollouts.issued == 0)
        await stage.endpoint.close()
    }

    @Test func theEndOfItsSessionIsTheEndOfAWorker() async throws {
        let stage = try await Stage()
        let session = try await stage.session()
        // However often it enters.
        for process in Int32(1)...20 { try await stage.enter(.sampler, "gpu", on: session, process: process) }
        #expect(await stage.processes("gpu") == [20])
        await session.close()
        try await stage.place.until("it has gone") { await stage.processes("gpu").isEmpty }
        await stage.endpoint.close()
    }

    @Test func nobodySpeaksForAnotherWorker() async throws {
        let stage = try await Stage()
        let (session, rogue) = (try await stage.session(), try await stage.session())
        try await stage.enter(.sampler, "gpu", on: session, process: 7)
        let order = try await stage.lease(session)
        try await stage.enter(.sampler, "rogue", on: rogue)
        let fleet = FleetClient(rogue)
        func expectRefusal(_ reason: String, _ call: () async throws -> Void) async {
            let status = await #expect(throws: RPCStatus.self) { try await call() }
            #expect(status?.code == .permissionDenied)
            #expect(status?.message == reason)
        }
        for name in ["learner", "gpu"] {
            await expectRefusal("\(name) has not entered on this session") {
                _ = try await fleet.leave(ControlDeregisterRequest(name: name))
            }
            await expectRefusal("\(name) cannot enter here: rogue has entered on this session") {
                try await stage.enter(.sampler, name, on: rogue)
            }
        }
        // Nor may a sampler take the learner's place on a session of its own.
        await expectRefusal("the name learner belongs to a learner") {
            try await stage.enter(.sampler, "learner", on: try await stage.session())
        }
        _ = try await fleet.heartbeat(ControlHeartbeatRequest(name: "gpu", activity: "nonsense"))
        let reply = try await SamplingClient(rogue).lease(ControlLeaseRequest(worker: "gpu", waitMs: 0))
        #expect(try LeaseAnswer(reply.message) == .wait("gpu is not in the fleet"))
        #expect(await stage.coordinator.status.workers.map(\.activity).allSatisfy { $0 != "nonsense" })
        #expect(await stage.coordinator.hasLearner)
        #expect(try await stage.settle(order) == .accepted, "its lease is still its own")
        _ = try await FleetClient(session).heartbeat(ControlHeartbeatRequest(name: "gpu", activity: "drawing"))
        #expect(await stage.coordinator.status.workers.map(\.activity).contains("drawing"))
        await stage.endpoint.close()
    }
}
