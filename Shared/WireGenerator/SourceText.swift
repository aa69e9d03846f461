/// Swift source under construction; `swift format` does the rest.
struct SourceText {
    private(set) var text = ""
    private var depth = 0

    mutating func line(_ line: String = "") {
        text += line.isEmpty ? "\n" : String(repeating: "    ", count: depth) + line + "\n"
    }

    mutating func block(_ head: String, _ body: (inout SourceText) throws -> Void) rethrows {
        line(head + " {")
        depth += 1
        try body(&self)
        depth -= 1
        line("}")
    }

    /// A closure that is called at once: `let x: X = { … }()`.
    mutating func calledClosure(_ head: String, _ body: (inout SourceText) throws -> Void) rethrows {
        line(head + " = {")
        depth += 1
        try body(&self)
        depth -= 1
        line("}()")
    }

    /// A comment of the .proto file as a doc comment, or else the fallback.
    mutating func documentation(_ comment: String, otherwise fallback: String? = nil) {
        var lines = comment.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix(" ") ? String(line.dropFirst()) : String(line)
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        if lines.isEmpty, let fallback { lines = [fallback] }
        for text in lines { line(text.isEmpty ? "///" : "/// " + text) }
    }
}
