// Written by WireGenerator from atelier/data.proto. Do not edit: run protos/generate.sh.

/// `atelier.data.SubmitOutcome`.
public enum DataSubmitOutcome: Sendable, Hashable {
    case unspecified
    /// Kept.
    case accepted
    /// The unit had been settled before: discarded.
    case duplicate
    /// Not drawn as leased: discarded, and leased again.
    case refused
    /// A number that this version of the schema does not know.
    case unrecognized(Int32)

    /// The value with a number of the .proto file.
    public init(number: Int32) {
        switch number {
        case 0: self = .unspecified
        case 1: self = .accepted
        case 2: self = .duplicate
        case 3: self = .refused
        default: self = .unrecognized(number)
        }
    }

    /// The number in the .proto file.
    public var number: Int32 {
        switch self {
        case .unspecified: 0
        case .accepted: 1
        case .duplicate: 2
        case .refused: 3
        case .unrecognized(let number): number
        }
    }
}
