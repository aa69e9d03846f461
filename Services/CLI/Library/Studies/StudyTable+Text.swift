extension StudyTable {
    /// In Markdown; a column is left out where no arm has it.
    var text: String {
        var columns: [(title: String, cell: (Row) -> String?)] = [
            ("arm", { $0.arm }), ("seeds", { "\($0.seeds)" }), ("queries", { "\($0.queries)" }),
            ("first", { cell($0.first) }), ("last", { cell($0.last) }), ("all rounds", { cell($0.area) }),
            ("validated: base", { cell($0.validated?.base) }), ("validated: last", { cell($0.validated?.last) }),
            ("validated: best", { cell($0.validated?.best) }),
            ("queries to \(short(level))", { cell($0) }),
        ]
        for name in Set(rows.flatMap(\.rewards.keys)).sorted() {
            columns.append(("last: \(name)", { cell($0.rewards[name]) }))
            columns.append(("kept: \(name)", { cell($0.keptRewards[name]) }))
        }
        columns += [
            ("path KL", { cell($0.pathKL) }), ("saturation", { cell($0.saturation) }),
            ("diversity", { cell($0.diversity) }), ("last diversity", { cell($0.lastDiversity) }),
        ]
        columns = columns.filter { column in rows.contains { column.cell($0) != nil } }
        func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
        let lines = rows.map { row in line(columns.map { $0.cell(row) ?? "–" }) }
        return ([claim, "", line(columns.map(\.title)), line(columns.map { _ in "---" })] + lines)
            .joined(separator: "\n")
    }

    private func short(_ value: Double) -> String { Figures.short(value) }

    private func cell(_ mean: Mean?) -> String? {
        mean.map { mean in
            let size = max(abs(mean.value), mean.standardError ?? 0)
            return figures(mean, digits: size >= 100 ? 0 : size >= 1 ? 2 : size >= 0.01 ? 4 : 6)
        }
    }

    private func figures(_ mean: Mean, digits: Int) -> String {
        let error = mean.standardError.map { " ± \(Figures.fixed($0, digits))" } ?? ""
        return Figures.fixed(mean.value, digits) + error
    }

    /// The queries to the level, and where not all seeds reached it, how many did.
    private func cell(_ row: Row) -> String? {
        guard let queries = row.queriesToLevel else { return "never" }
        let text = figures(queries, digits: 0)
        return row.reached == row.seeds ? text : "\(text) (\(row.reached) of \(row.seeds) seeds)"
    }
}
