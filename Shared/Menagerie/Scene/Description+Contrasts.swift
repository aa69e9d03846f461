extension Scene.Description {
    /// The descriptions that differ from this one in one attribute, as TextNorm's contrastive prompts do
    /// (arXiv 2404.01863): other colours, numbers within two, other relations, other places, and a few other kinds.
    ///
    /// The order is fixed; none equals the description itself.
    public var contrasts: [Scene.Description] {
        var result: [Scene.Description] = []
        func add(_ change: (inout Scene.Description) -> Void) {
            var other = self
            change(&other)
            if other != self, !result.contains(other) { result.append(other) }
        }
        let total = subjects.reduce(0) { $0 + $1.count }
        for (index, subject) in subjects.enumerated() {
            if subject.tint != nil {
                for tint in Tint.allCases { add { $0.subjects[index].tint = tint } }
            }
            if relation == nil {
                for count in [-2, -1, 1, 2].map({ subject.count + $0 }) {
                    guard count >= 1, total - subject.count + count <= Self.largestCount else { continue }
                    add { $0.subjects[index].count = count }
                }
            }
            let kinds = subject.kind.isAnimal ? Kind.animals : Kind.shapes
            let position = kinds.firstIndex(of: subject.kind) ?? 0
            for step in 1...4 {
                let kind = kinds[(position + step * 11) % kinds.count]
                guard !subjects.contains(where: { $0.kind == kind }) else { continue }
                add { $0.subjects[index].kind = kind }
            }
        }
        if relation != nil {
            for relation in Relation.allCases { add { $0.relation = relation } }
        }
        if ground != nil {
            for ground in Ground.allCases { add { $0.ground = ground } }
        }
        return result
    }

    /// Prompts that look like this one and are wrong about one attribute.
    public static func contrastivePrompts(for prompt: String) throws(PromptError) -> [String] {
        try Scene.Description(parsing: prompt).contrasts.map { $0.caption() }
    }
}
