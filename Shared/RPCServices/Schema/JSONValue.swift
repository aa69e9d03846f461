import Foundation

/// A JSON value that keeps the order of an object's members and the digits of a number.
public indirect enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// As it is written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// Reads JSON text.
    ///
    /// - Throws: ``SchemaError`` saying what is wrong with it.
    public init(parsing text: String) throws(SchemaError) {
        do { self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) } catch {
            throw SchemaError("not JSON: \(Self.reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard case .dataCorrupted(let context) = error as? DecodingError else { return "\(error)" }
        let inner = (context.underlyingError as? CocoaError)?.userInfo[NSDebugDescriptionErrorKey] as? String
        return (inner ?? context.debugDescription).split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// The member of an object.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// JSON text; with an indentation, one member a line.
    public func text(pretty: Bool = false) -> String {
        var text = ""
        write(to: &text, pretty ? "\n" : nil)
        return text
    }

    /// `line` begins a line of the depth that the value stands at; nil for everything in one line.
    private func write(to text: inout String, _ line: String?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let digits): text += digits
        case .string(let string): Self.quote(string, to: &text)
        case .array(let values):
            Self.enclose("[", "]", values, to: &text, line) { $0.write(to: &$1, $2) }
        case .object(let members):
            Self.enclose("{", "}", members, to: &text, line) { member, text, inner in
                Self.quote(member.key, to: &text)
                text += inner == nil ? ":" : ": "
                member.value.write(to: &text, inner)
            }
        }
    }

    private static func enclose<Element>(
        _ open: String, _ close: String, _ elements: [Element], to text: inout String, _ line: String?,
        _ write: (Element, inout String, String?) -> Void
    ) {
        text += open
        let inner = line.map { $0 + "  " }
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            text += inner ?? ""
            write(element, &text, inner)
        }
        if !elements.isEmpty { text += line ?? "" }
        text += close
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    public static func == (left: JSONValue, right: JSONValue) -> Bool { left.text() == right.text() }

    public func hash(into hasher: inout Hasher) { hasher.combine(text()) }
}

extension JSONValue: Decodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        if let members = try? decoder.container(keyedBy: Key.self) {
            self = .object(
                try members.allKeys.map { ($0.stringValue, try members.decode(JSONValue.self, forKey: $0)) })
        } else if var values = try? decoder.unkeyedContainer() {
            var array: [JSONValue] = []
            while !values.isAtEnd { array.append(try values.decode(JSONValue.self)) }
            self = .array(array)
        } else {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let flag = try? value.decode(Bool.self) {
                self = .bool(flag)
            } else if let string = try? value.decode(String.self) {
                self = .string(string)
            } else if let number = try? value.decode(Int64.self) {
                self = .number("\(number)")
            } else if let number = try? value.decode(UInt64.self) {
                self = .number("\(number)")
            } else {
                self = .number("\(try value.decode(Double.self))")
            }
        }
    }
}
