/// Advantages normalised by the recent rewards of the same prompt: DDPO's per-prompt statistics tracker.
///
/// Prompts differ in difficulty; compared with its own history a reward says how good a picture is *for its prompt*. Black et
/// al., "Training Diffusion Models with Reinforcement Learning" (2024), with the semantics of the authors' code. A value that
/// checkpoints hold.
public struct PromptStatistics: Codable, Hashable, Sendable {
    /// Rewards kept for each prompt; older ones are forgotten.
    public let bufferSize: Int
    /// Rewards of a prompt below which the whole batch serves instead.
    public let minimumCount: Int
    /// The latest rewards of each prompt, oldest first.
    public private(set) var rewards: [String: [Double]] = [:]

    /// - Precondition: both numbers are at least 1.
    public init(bufferSize: Int, minimumCount: Int) {
        precondition(bufferSize >= 1 && minimumCount >= 1, "sizes \(bufferSize) and \(minimumCount) are not positive")
        self.bufferSize = bufferSize
        self.minimumCount = minimumCount
    }

    /// Takes in a batch and returns its advantages, `(reward - mean) / (deviation + 1e-6)`.
    ///
    /// The batch's rewards enter the buffers first. Mean and (population) deviation are those of the prompt's buffer or, while
    /// that holds fewer than `minimumCount` rewards, those of the whole batch. Clipping is the loss's business.
    ///
    /// - Parameters:
    ///   - batch: one finite reward per picture.
    ///   - prompts: the prompt of each picture, in the same order.
    /// - Returns: one advantage per picture.
    public mutating func advantages(rewards batch: [Double], prompts: [String]) -> [Double] {
        precondition(batch.count == prompts.count, "\(batch.count) rewards for \(prompts.count) prompts")
        precondition(batch.allSatisfy(\.isFinite), "a reward is not finite: leave such pictures out")
        for (reward, prompt) in zip(batch, prompts) {
            rewards[prompt, default: []].append(reward)
        }
        for prompt in Set(prompts) {
            rewards[prompt] = rewards[prompt]?.suffix(bufferSize)
        }
        let whole = Moments(batch)
        var moments: [String: Moments] = [:]
        for prompt in Set(prompts) {
            let buffer = rewards[prompt] ?? []
            moments[prompt] = buffer.count < minimumCount ? whole : Moments(buffer)
        }
        return zip(batch, prompts).map { reward, prompt in
            (moments[prompt] ?? whole).normalised(reward, floor: 1e-6)
        }
    }

    /// Advantages without a history, `(reward - mean) / (deviation + 1e-8)` over the batch.
    public static func batchAdvantages(rewards: [Double]) -> [Double] {
        let moments = Moments(rewards)
        return rewards.map { moments.normalised($0, floor: 1e-8) }
    }

    /// Advantages within the pictures of the same prompt, `(reward - mean) / (deviation + 1e-4)`, as in GRPO.
    ///
    /// Shao et al., "DeepSeekMath" (2024). A picture that is alone with its prompt has none: 0.
    ///
    /// - Parameters:
    ///   - rewards: one finite reward per picture.
    ///   - prompts: the prompt of each picture, in the same order.
    /// - Returns: one advantage per picture.
    public static func groupAdvantages(rewards: [Double], prompts: [String]) -> [Double] {
        precondition(rewards.count == prompts.count, "\(rewards.count) rewards for \(prompts.count) prompts")
        let groups = Dictionary(grouping: zip(prompts, rewards), by: \.0).mapValues { Moments($0.map(\.1)) }
        return zip(rewards, prompts).map { groups[$1]?.normalised($0, floor: 1e-4) ?? 0 }
    }

    /// Mean and population deviation.
    private struct Moments {
        let mean: Double
        let deviation: Double

        init(_ values: [Double]) {
            let count = Double(max(values.count, 1))
            let mean = values.reduce(0, +) / count
            self.mean = mean
            deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
        }

        func normalised(_ value: Double, floor: Double) -> Double {
            (value - mean) / (deviation + floor)
        }
    }
}
