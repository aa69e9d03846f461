/// What a scene can show: the 45 animals of DDPO's prompt list and eight shapes.
public enum Kind: String, CaseIterable, Codable, Hashable, Sendable {
    // The order of the animals is the order of the rows of the atlas.
    case cat, dog, horse, monkey, rabbit, zebra, spider, bird, sheep, deer, cow, goat, lion, tiger, bear, raccoon, fox
    case wolf, lizard, beetle, ant, butterfly, fish, shark, whale, dolphin, squirrel, mouse, rat, snake, turtle, frog
    case chicken, duck, goose, bee, pig, turkey, fly, llama, camel, bat, gorilla, hedgehog, kangaroo
    case circle, square, triangle, star, heart, diamond, cross, ring

    public static let animals = Array(allCases.prefix(45))
    public static let shapes = Array(allCases.dropFirst(45))

    public var isAnimal: Bool { index < 45 }

    /// The position within `allCases`.
    public var index: Int { Self.indices[self] ?? 0 }

    /// The word for several of them.
    public var plural: String {
        switch self {
        case .wolf: "wolves"
        case .mouse: "mice"
        case .goose: "geese"
        case .fox: "foxes"
        case .butterfly: "butterflies"
        case .fly: "flies"
        case .cross: "crosses"
        case .sheep, .deer, .fish: rawValue
        default: rawValue + "s"
        }
    }

    private static let indices = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}
