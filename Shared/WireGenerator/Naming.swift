/// The names that protoc-c gives to C, and those that we give to Swift.
enum Naming {
    private static let swiftKeywords: Set<String> = [
        "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do",
        "else",
        "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in",
        "init",
        "inout", "internal", "is", "let", "nil", "operator", "precedencegroup", "private", "protocol", "public",
        "repeat",
        "rethrows", "return", "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true",
        "try",
        "typealias", "var", "where", "while",
    ]
    private static let cKeywords: Set<String> = [
        "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char", "class", "compl",
        "const", "const_cast", "continue", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
        "explicit",
        "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace",
        "new",
        "not", "not_eq", "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
        "return", "short", "signed", "sizeof", "static", "static_cast", "struct", "switch", "template", "this", "throw",
        "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile",
        "wchar_t", "while", "xor", "xor_eq",
    ]
    private static let acronyms: Set<String> = ["id", "ids", "url"]

    static func lastPart(_ dotted: String) -> String {
        dotted.split(separator: ".").last.map(String.init) ?? dotted
    }

    /// `lease_deadline_ms` → `leaseDeadlineMs`, `unit_id` → `unitID`; not yet escaped.
    static func lowerCamel(_ name: String) -> String {
        let parts = name.lowercased().split(separator: "_").map(String.init)
        return parts.enumerated().map { index, part in
            if index == 0 { return part }
            if acronyms.contains(part) {
                return part.prefix(part == "ids" ? 2 : part.count).uppercased()
                    + part.dropFirst(part == "ids" ? 2 : part.count)
            }
            return part.prefix(1).uppercased() + part.dropFirst()
        }.joined()
    }

    /// `ServerStream` → `serverStream`.
    static func lowerFirst(_ name: String) -> String {
        name.prefix(1).lowercased() + name.dropFirst()
    }

    static func upperFirst(_ name: String) -> String {
        name.prefix(1).uppercased() + name.dropFirst()
    }

    /// In backticks if Swift needs that.
    static func escaped(_ name: String) -> String {
        swiftKeywords.contains(name) ? "`\(name)`" : name
    }

    /// The C struct's member, as protoc-c names it.
    static func cField(_ name: String) -> String {
        let lower = name.lowercased()
        return escaped(cKeywords.contains(lower) ? lower + "_" : lower)
    }

    /// `atelier.echo.Request` → `Atelier__Echo__Request`, as protoc-c's FullNameToC.
    static func cType(_ fullName: String) -> String {
        fullName.split(separator: ".").map { camel(String($0)) }.joined(separator: "__")
    }

    /// `atelier.echo.MyRequest` → `atelier__echo__my_request`, as protoc-c's FullNameToLower.
    static func cLower(_ fullName: String) -> String {
        fullName.split(separator: ".").map { part in
            var result = ""
            var wasUpper = true
            for character in part {
                if character.isUppercase, !wasUpper { result += "_" }
                result += character.lowercased()
                wasUpper = character.isUppercase
            }
            return result
        }.joined(separator: "__")
    }

    private static func camel(_ part: String) -> String {
        var result = ""
        var upperNext = true
        for character in part {
            if character == "_" {
                upperNext = true
            } else if upperNext {
                result += character.uppercased()
                upperNext = false
            } else {
                result.append(character)
            }
        }
        return result
    }

    /// A value's Swift case: the enum's name, if it is the prefix, is dropped.
    ///
    /// `MODE_UPPER_CASE` of Mode → `upperCase`.
    static func enumCase(_ value: String, of enumeration: String) -> String {
        let prefix = snake(enumeration) + "_"
        let lower = value.lowercased()
        let rest = lower.hasPrefix(prefix) ? String(lower.dropFirst(prefix.count)) : lower
        return escaped(lowerCamel(rest))
    }

    private static func snake(_ name: String) -> String {
        cLower(name)
    }
}
