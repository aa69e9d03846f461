import DiffusionPolicy
import LearnerService
import Rewards
import RunConfiguration
import ServiceRuntime

/// The files beside the model that a run reads: missing ones are found before its folder is made and a process starts.
struct RunInputs {
    let configuration: RunConfiguration

    /// Refuses a subject without pictures.
    func checkReferences() throws(ServiceError) {
        let references = configuration.algorithm.demands.references
        guard !references.isEmpty else { return }
        do {
            _ = try ReferencePictures(folder: references)
        } catch {
            throw ServiceError("\(error)", exitCode: .refused)
        }
    }

    /// Refuses a folder to learn from that holds no pictures of a base model.
    func checkDataset() throws(ServiceError) {
        let dataset = configuration.algorithm.demands.dataset
        if !dataset.isEmpty { _ = try BaseSampleDataset(dataset) }
    }

    /// Refuses rewards whose models, heads, pictures or prompts are not here.
    func checkRewards() throws(ServiceError) {
        for (index, reward) in configuration.rewards.enumerated() where !reward.isExternal {
            do {
                try RewardConfiguration(reward.spec).checkFiles()
            } catch {
                throw ServiceError(
                    "rewards.\(index).spec: the reward '\(reward.name)' cannot be made: \(ServiceProcess.oneLine(error)); "
                        + "name what is here, or bring it there",
                    exitCode: .refused)
            }
        }
    }
}
