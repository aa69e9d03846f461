// Written by WireGenerator from echo.proto. Do not edit: run protos/generate.sh.

/// How the echo treats the text.
public enum EchoMode: Sendable, Hashable {
    case modePlain
    case modeUpperCase
    /// Answer with the status code in `number`.
    case modeFail
    /// A number that this version of the schema does not know.
    case unrecognized(Int32)

    /// The value with a number of the .proto file.
    public init(number: Int32) {
        switch number {
        case 0: self = .modePlain
        case 1: self = .modeUpperCase
        case 2: self = .modeFail
        default: self = .unrecognized(number)
        }
    }

    /// The number in the .proto file.
    public var number: Int32 {
        switch self {
        case .modePlain: 0
        case .modeUpperCase: 1
        case .modeFail: 2
        case .unrecognized(let number): number
        }
    }
}
