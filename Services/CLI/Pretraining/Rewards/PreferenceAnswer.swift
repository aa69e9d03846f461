import Foundation

/// Which of two readings somebody found better.
struct PreferenceAnswer {
    let better: Int
    let worse: Int

    /// The loss of Bradley and Terry's model, the mean of `-log σ(score(better) - score(worse))`, with its derivative by each
    /// score.
    static func loss(_ answers: [Self], _ scores: [Double]) -> (value: Double, gradient: [Double]) {
        var gradient = [Double](repeating: 0, count: scores.count)
        var sum = 0.0
        for answer in answers {
            let margin = scores[answer.better] - scores[answer.worse]
            // log(1 + exp(-margin)), without overflow.
            sum += max(-margin, 0) + log1p(exp(-abs(margin)))
            let slope = 1 / (1 + exp(margin)) / Double(answers.count)
            gradient[answer.better] -= slope
            gradient[answer.worse] += slope
        }
        return (sum / Double(max(answers.count, 1)), gradient)
    }
}
