import DiffusionPolicy
import Foundation
import ServiceRuntime
import TensorCore

/// A checkpoint of another run whose pictures of the base model are learned from: `algorithm.dataset`.
public struct BaseSampleDataset: Sendable {
    let state: PolicyUpdateState
    let file: SafeTensorsFile

    /// Opens the checkpoint; of its tensors only the header is read.
    ///
    /// - Throws: `ServiceError` with exit code `refused` that names the folder and what it lacks.
    public init(_ path: String) throws(ServiceError) {
        let folder = URL(fileURLWithPath: path)
        func refusal(_ reason: String) -> ServiceError {
            ServiceError(
                "algorithm.dataset: \(path) is no checkpoint with base samples: \(reason); name a checkpoint "
                    + "(checkpoints/step-NUMBER in a run's folder) of a run with algorithm.baseSamples",
                exitCode: .refused)
        }
        guard let data = try? Data(contentsOf: folder.appending(path: "state.json")) else {
            throw refusal("there is no state.json to read")
        }
        guard let state = try? JSONDecoder().decode(CheckpointFolder.State.self, from: data) else {
            throw refusal("its state.json is not that of a checkpoint")
        }
        guard let update = state.update, update.baseSamples?.isEmpty == false else {
            throw refusal("its state.json lists none")
        }
        do {
            file = try SafeTensorsFile(path: LearningHost.optimizer(folder).path)
        } catch {
            throw refusal("\(error)")
        }
        self.state = update
    }
}
