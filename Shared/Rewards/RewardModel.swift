public import Imaging

/// A judge of pictures.
public protocol RewardModel: Sendable {
    /// What is stamped on every score.
    var identity: RewardIdentity { get }

    /// Scores each picture for its prompt.
    ///
    /// - Parameters:
    ///   - pictures: the pictures, of any size.
    ///   - prompts: as many prompts, in the same order.
    /// - Returns: one score for each picture, in the same order. What is wrong with one picture or prompt is its own
    ///   score and leaves the others alone.
    /// - Throws: only when the model as a whole cannot work.
    func score(_ pictures: [Picture], prompts: [String]) throws -> [Score]
}
