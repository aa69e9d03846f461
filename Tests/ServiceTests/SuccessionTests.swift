import Foundation
import Ledger
import Logging
import Messaging
import RunConfiguration
import ServiceAPI
import ServiceRuntime
import Testing

@testable import CoordinatorService

/// A worker's name comes again from another process, while the first one has not noticed that it is gone.
struct SuccessionTests {
    private func coordinator(_ place: Workplace) async throws -> Coordinator {
        let configuration = try ConfigurationFile.read(try place.configure())
        let coordinator = try Coordinator(
            configuration, folder: place.folder, on: try Reactor(), shutdown: Shutdown(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await coordinator.open()
        for kind in [WorkerKind.learner, .reward] {
            _ = try await coordinator.enter(
                WorkerIntroduction(
                    name: kind.rawValue, kind: kind, processID: 1, address: "ipc:///\(kind)",
                    rewardSpec: kind == .reward ? "jpeg-compressibility" : ""))
        }
        try await coordinator.publish(PublishedPolicy(version: 0, sha256: "a", modules: 1))
        return coordinator
    }

    private func enter(_ coordinator: Coordinator, process: Int32) async throws -> UInt64 {
        try await coordinator.enter(WorkerIntroduction(name: "gpu", kind: .sampler, processID: process))
    }

    private func lease(_ coordinator: Coordinator) async throws -> DrawingOrder {
        guard case .draw(let order) = try await coordinator.lease(to: "gpu") else {
            throw ServiceError("no unit to draw")
        }
        return order
    }

    private func settle(_ order: DrawingOrder, _ coordinator: Coordinator) async throws -> SettleOutcome {
        try await coordinator.settle(
            order.unit, SampledUnit(token: order.token, worker: "gpu", policyVersion: 0, adapter: "a"))
    }

    @Test func itsUnitIsLeasedAgainAndOneResultCounts() async throws {
        let place = try Workplace()
        let coordinator = try await coordinator(place)
        let first = try await enter(coordinator, process: 7)
        let old = try await lease(coordinator)
        _ = try await enter(coordinator, process: 8)
        let new = try await lease(coordinator)
        #expect(new.unit == old.unit)
        #expect(new.token.rawValue > old.token.rawValue)
        // The end of the first one's session, noticed late, does not throw its successor out.
        try await coordinator.leave("gpu", epoch: first, "has gone")
        #expect(await coordinator.status.workers.map(\.processID).contains(8))
        // The noise is a function of the unit, so the late result is the same pictures; it counts once.
        #expect(try await settle(old, coordinator) == .accepted)
        #expect(try await settle(new, coordinator) == .duplicate)
    }

    @Test func whoHasLeftGetsNoUnit() async throws {
        let place = try Workplace()
        let coordinator = try await coordinator(place)
        _ = try await enter(coordinator, process: 7)
        try await coordinator.leave("gpu", "has left")
        #expect(try await coordinator.lease(to: "gpu") == .wait("gpu is not in the fleet"))
        #expect(await coordinator.status.rollouts.issued == 0)
    }
}
