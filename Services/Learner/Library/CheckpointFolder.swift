import DiffusionPolicy
import Foundation
import ServiceRuntime

/// A run's checkpoints: `checkpoints/step-000040/`, each whole or absent.
struct CheckpointFolder: Sendable {
    /// What a checkpoint says of itself, in `state.json`.
    struct State: Codable, Sendable {
        /// Rounds trained, which is also the policy version.
        var round: Int
        var adapterSHA256: String
        var modules: Int
        var seed: UInt64
        var run: String
        /// The update's own books: its round, and the rewards that advantages are normalised over.
        var update: PolicyUpdateState?
        /// Which policies were the best until then.
        var selection: CheckpointSelection?
    }

    private let folder: URL

    /// - Parameter run: the run's folder.
    init(run: URL) {
        folder = run.appending(path: "checkpoints")
    }

    /// Writes a checkpoint: into a hidden folder first, made durable, then moved to its place.
    ///
    /// `save` writes everything but `state.json` into the folder it is given. Throws `ServiceError` that names the folder.
    func write(_ state: State, _ save: (URL) async throws -> PolicyUpdateState) async throws {
        try await write(state, as: Self.name(state.round), save)
    }

    /// Writes a checkpoint as `best`, in the place of the one that was.
    func writeBest(_ state: State, _ save: (URL) async throws -> PolicyUpdateState) async throws {
        try await write(state, as: "best", save)
    }

    private func write(
        _ state: State, as name: String, _ save: (URL) async throws -> PolicyUpdateState
    ) async throws {
        let place = folder.appending(path: name)
        let temporary = folder.appending(path: ".\(name).part")
        do {
            try? FileManager.default.removeItem(at: temporary)
            try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
            var state = state
            state.update = try await save(temporary)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(state).write(to: temporary.appending(path: "state.json"))
            for file in try FileManager.default.subpathsOfDirectory(atPath: temporary.path) {
                try AtomicFile.synchronize(temporary.appending(path: file))
            }
            try AtomicFile.synchronize(temporary)
            try AtomicFile.move(folder: temporary, to: place)
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw ServiceError("cannot write the checkpoint \(place.path): \(ServiceProcess.oneLine(error))")
        }
    }

    /// The last checkpoint that is whole.
    func last() -> (folder: URL, state: State)? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names.filter({ $0.hasPrefix("step-") }).sorted().reversed() {
            let place = folder.appending(path: name)
            guard let data = try? Data(contentsOf: place.appending(path: "state.json")),
                let state = try? JSONDecoder().decode(State.self, from: data)
            else { continue }
            return (place, state)
        }
        return nil
    }

    private static func name(_ round: Int) -> String { String(format: "step-%06d", round) }
}
