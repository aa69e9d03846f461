// Types as a .proto file would declare them.
extension Schema {
    /// A message or an enum; nil if there is none of that name.
    public func description(of name: String) -> String? {
        if let message = messages[name] { return description(message) }
        guard let enumeration = enumerations[name] else { return nil }
        let values = enumeration.values.map { "  \($0.name) = \($0.number);" }
        return (["enum \(name) {"] + values + ["}"]).joined(separator: "\n")
    }

    private func description(_ message: Message) -> String {
        let fields = message.fields.map { field in
            let repeated = field.isRepeated && map(field.type) == nil ? "repeated " : ""
            let alternative = field.oneof.map { "  // one of group \($0 + 1)" } ?? ""
            return "  \(repeated)\(text(field.type)) \(field.name) = \(field.number);\(alternative)"
        }
        return (["message \(message.name) {"] + fields + ["}"]).joined(separator: "\n")
    }

    private func map(_ type: FieldType) -> Message? {
        guard case .message(let name) = type, let entry = messages[name], entry.isMapEntry else { return nil }
        return entry
    }

    private func text(_ type: FieldType) -> String {
        // A map holds no maps: one that says so may hold itself.
        map(type).map { "map<\($0.fields.map { name($0.type) }.joined(separator: ", "))>" } ?? name(type)
    }

    private func name(_ type: FieldType) -> String {
        switch type {
        case .message(let name), .enumeration(let name): return name
        default: return "\(type)"
        }
    }
}
