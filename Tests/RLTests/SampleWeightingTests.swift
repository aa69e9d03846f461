import RL
import Testing

struct SampleWeightingTests {
    private let rewards = [0.2, 0.8, 0.5, 0.8, -1]
    private let prompts = ["a", "a", "b", "b", "a"]

    @Test func softmaxWeightsSumToTheNumberOfPictures() {
        let weights = SampleWeighting.softmax(temperature: 0.2, perPrompt: false)
            .weights(rewards: rewards, prompts: prompts)
        #expect(abs(weights.reduce(0, +) - 5) < 1e-12)
        // exp((0.8 - 0.2) / 0.2) = e^3
        #expect(abs(weights[1] / weights[0] - 20.085536923187668) < 1e-9)
        let perPrompt = SampleWeighting.softmax(temperature: 0.2, perPrompt: true)
            .weights(rewards: rewards, prompts: prompts)
        #expect(abs(perPrompt[2] + perPrompt[3] - 2) < 1e-12)
    }

    @Test func softmaxOfLargeRewardsIsFinite() {
        let weights = SampleWeighting.softmax(temperature: 1e-3, perPrompt: false)
            .weights(rewards: [1000, 999], prompts: ["a", "a"])
        #expect(weights == [2, 0])
    }

    /// NumPy: `percentile([0.2, 0.8, 0.5, 0.8, -1], 60)` is 0.62.
    @Test func quantilesInterpolateAsNumPyDoes() {
        #expect(
            SampleWeighting.quantile(0.6, perPrompt: false).weights(rewards: rewards, prompts: prompts) == [
                0, 1, 0, 1, 0,
            ])
        #expect(
            SampleWeighting.quantile(0.9, perPrompt: true).weights(rewards: rewards, prompts: prompts) == [
                0, 1, 0, 1, 0,
            ])
        #expect(
            SampleWeighting.quantile(0, perPrompt: false).weights(rewards: rewards, prompts: prompts) == [
                1, 1, 1, 1, 1,
            ])
    }

    @Test func theFirstOfEqualPicturesIsTheBestOfItsPrompt() {
        let weights = SampleWeighting.bestOfPrompt.weights(rewards: [1, 1, 3, 2], prompts: ["a", "a", "b", "b"])
        #expect(weights == [1, 0, 1, 0])
    }

    @Test func groupsAreNormalisedByThemselves() {
        let advantages = PromptStatistics.groupAdvantages(rewards: [1, 3, 7], prompts: ["a", "a", "b"])
        #expect(abs(advantages[0] + 1 / 1.0001) < 1e-12 && abs(advantages[1] - 1 / 1.0001) < 1e-12)
        #expect(advantages[2] == 0)
    }
}
