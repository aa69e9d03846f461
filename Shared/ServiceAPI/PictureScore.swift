public import Wire

/// What a reward says of one picture.
///
/// A failure is never a number.
public enum PictureScore: Hashable, Sendable {
    /// The reward, and the parts it was made of; `success` among them is 1 where the picture is right.
    case number(Double, detail: [String: Double])
    /// The service cannot say now, and why: ask again.
    case unavailable(String)
    /// There is no score for this picture, and why.
    case invalid(String)

    /// - Throws: `PeerError` if the score is empty or not finite.
    public init(_ wire: ScorePictureScore) throws(PeerError) {
        switch wire.outcome {
        case .number(let number):
            guard number.value.isFinite, number.detail.values.allSatisfy(\.isFinite) else {
                throw PeerError("a score is not a finite number")
            }
            self = .number(number.value, detail: number.detail)
        case .unavailable(let reason): self = .unavailable(reason)
        case .invalid(let reason): self = .invalid(reason)
        case nil: throw PeerError("a score is empty")
        }
    }

    public var wire: ScorePictureScore {
        switch self {
        case .number(let value, let detail):
            ScorePictureScore(outcome: .number(ScoreNumber(value: value, detail: detail)))
        case .unavailable(let reason): ScorePictureScore(outcome: .unavailable(reason))
        case .invalid(let reason): ScorePictureScore(outcome: .invalid(reason))
        }
    }
}
