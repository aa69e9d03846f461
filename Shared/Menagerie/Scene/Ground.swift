/// The places that a prompt can name; a scene without one has a plain ground of any tone.
public enum Ground: String, CaseIterable, Codable, Hashable, Sendable {
    case grass, snow, sand, sea, sky, night, moon, park

    /// The end of the sentence that names the place.
    public var phrase: String {
        switch self {
        case .grass, .sand, .moon: "on the \(rawValue)"
        case .snow, .sea, .sky, .park: "in the \(rawValue)"
        case .night: "at night"
        }
    }
}
