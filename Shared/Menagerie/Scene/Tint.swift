/// The ten colours that a prompt can ask for: those of GenEval.
public enum Tint: String, CaseIterable, Codable, Hashable, Sendable {
    case red, orange, yellow, green, blue, purple, pink, brown, black, white
}
