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
        guard !lines.isEmpty else { return }
        let rest = lines.drop { !$0.isEmpty }
        let summary = lines.prefix { !$0.isEmpty }.joined(separator: " ")
        for paragraph in Self.sentences(summary) { wrap(paragraph) }
        for text in rest { line(text.isEmpty ? "///" : "/// " + text) }
    }

    /// The first sentence, and the others, each with a full stop: a summary and what follows it.
    private static func sentences(_ text: String) -> [String] {
        let whole = text.hasSuffix(".") ? text : text + "."
        guard let stop = whole.firstRange(of: ". ") else { return [whole] }
        return [String(whole[..<stop.lowerBound]) + ".", "", String(whole[stop.upperBound...])]
    }

    /// A paragraph of a doc comment in lines of at most 120 columns.
    private mutating func wrap(_ paragraph: String) {
        guard !paragraph.isEmpty else { return line("///") }
        var current = "///"
        for word in paragraph.split(separator: " ") {
            if current.count + word.count + 1 + 4 * depth > 120 {
                line(current)
                current = "///"
            }
            current += " " + word
        }
        line(current)
    }
}
