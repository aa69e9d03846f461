/// One value for all levels of a UNet, or one for each.
public enum PerLevel<Value: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    case same(Value)
    case each([Value])

    public subscript(level: Int) -> Value {
        switch self {
        case .same(let value): value
        case .each(let values): values[min(level, values.count - 1)]
        }
    }

    /// How many levels have a value of their own; `nil` if all have the same.
    public var count: Int? {
        if case .each(let values) = self { values.count } else { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Value.self) {
            self = .same(value)
        } else {
            self = .each(try container.decode([Value].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .same(let value): try container.encode(value)
        case .each(let values): try container.encode(values)
        }
    }
}

extension PerLevel: ExpressibleByIntegerLiteral where Value == Int {
    public init(integerLiteral value: Int) { self = .same(value) }
}
