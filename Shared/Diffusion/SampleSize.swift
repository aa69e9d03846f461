/// The size of a checkpoint's samples: diffusers writes one number for a square, or height and width.
public struct SampleSize: Codable, Hashable, Sendable, ExpressibleByIntegerLiteral {
    public var height: Int
    public var width: Int

    public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

    public init(integerLiteral side: Int) { self.init(height: side, width: side) }

    public init(from decoder: any Decoder) throws {
        let sides = try PerLevel<Int>(from: decoder)
        guard (sides.count ?? 2) == 2, sides[0] > 0, sides[1] > 0 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "one side or height and width are needed"))
        }
        self.init(height: sides[0], width: sides[1])
    }

    public func encode(to encoder: any Encoder) throws {
        try (height == width ? PerLevel.same(height) : .each([height, width])).encode(to: encoder)
    }
}
