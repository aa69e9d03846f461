/// Where contrasting prompts come from: `grammar`, `random[?count=8&seed=0]`, `{file: {path: FILE.json}}` (as TIA² has them), or
/// `{command: {run: PROGRAM, seconds: 30}}`.
public enum ContrastConfiguration: Hashable, Sendable {
    case grammar
    case random(count: Int, seed: Int)
    case file(path: String)
    case command(run: String, seconds: Int)

    /// - Throws: `RewardError` with a line that lists the choices.
    init(_ specification: consuming RewardSpecification) throws(RewardError) {
        var specification = specification
        try specification.refuseAspect()
        switch specification.name {
        case "grammar":
            self = .grammar
            try specification.refuseRest(known: [])
        case "random":
            self = .random(
                count: try specification.take("count", in: 1...1000, default: 8),
                seed: try specification.take("seed", in: 0...Int(Int32.max), default: 0))
            try specification.refuseRest(known: ["count", "seed"])
        case "file":
            self = .file(path: try specification.take("path"))
            try specification.refuseRest(known: ["path"])
        case "command":
            self = .command(
                run: try specification.take("run"),
                seconds: try specification.take("seconds", in: 1...86400, default: 30))
            try specification.refuseRest(known: ["run", "seconds"])
        default:
            throw RewardError(
                code: .badValue,
                message:
                    "there are no contrasts \"\(specification.text)\"; there are: grammar, random, file: {path}, command: {run}"
            )
        }
    }

    /// The canonical tree: commands and paths may hold what a word cannot.
    var tree: SpecificationTree {
        switch self {
        case .grammar: .word("grammar")
        case .random(let count, let seed): .word("random?count=\(count)&seed=\(seed)")
        case .file(let path): .group(["file": .group(["path": .word(path)])])
        case .command(let run, let seconds):
            .group(["command": .group(["run": .word(run), "seconds": .number(Double(seconds))])])
        }
    }

    func makeSource() throws(RewardError) -> any ContrastSource {
        switch self {
        case .grammar: GrammarContrasts()
        case .random(let count, let seed): RandomContrasts(count: count, seed: seed)
        case .file(let path): try FileContrasts(path)
        case .command(let run, let seconds): CommandContrasts(run, seconds: Double(seconds))
        }
    }
}
