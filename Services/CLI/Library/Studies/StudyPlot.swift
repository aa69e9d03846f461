import Imaging

/// Curves of rewards over queries as a picture: one colour for each arm, in the order of the table.
struct StudyPlot {
    /// Blue, orange, green, red, purple: as most plotting libraries begin.
    static let colors: [(name: String, rgb: [UInt8])] = [
        ("blue", [31, 119, 180]), ("orange", [255, 127, 14]), ("green", [44, 160, 44]), ("red", [214, 39, 40]),
        ("purple", [148, 103, 189]),
    ]

    private static let (width, height, margin) = (640, 400, 24)
    private var picture = Picture(width: width, height: height, red: 255, green: 255, blue: 255)

    /// Draws one curve for each arm: rewards over queries, both scaled to what there is.
    static func draw(_ curves: [[StudyRun.Point]]) -> Picture {
        var plot = StudyPlot()
        let points = curves.joined()
        let (low, high) = (points.map(\.reward).min() ?? 0, points.map(\.reward).max() ?? 1)
        let queries = max(points.map(\.queries).max() ?? 1, 1)
        for tenth in 0...10 {
            let row = margin + tenth * (height - 2 * margin) / 10
            plot.line(from: (margin, row), to: (width - margin, row), [225, 225, 225], thickness: 1)
        }
        for (index, curve) in curves.enumerated() {
            let places = curve.map { point in
                let share = (point.reward - low) / max(high - low, 1e-12)
                return (
                    margin + point.queries * (width - 2 * margin) / queries,
                    height - margin - Int(share * Double(height - 2 * margin))
                )
            }
            for (from, to) in zip(places, places.dropFirst()) {
                plot.line(from: from, to: to, colors[index % colors.count].rgb, thickness: 3)
            }
        }
        return plot.picture
    }

    private mutating func line(
        from start: (x: Int, y: Int), to end: (x: Int, y: Int), _ color: [UInt8], thickness: Int
    ) {
        let steps = max(abs(end.x - start.x), abs(end.y - start.y), 1)
        for step in 0...steps {
            let x = start.x + (end.x - start.x) * step / steps
            let y = start.y + (end.y - start.y) * step / steps
            for row in y - thickness / 2...y + thickness / 2 {
                for column in x - thickness / 2...x + thickness / 2
                where (0..<Self.width).contains(column) && (0..<Self.height).contains(row) {
                    let at = (row * Self.width + column) * 3
                    picture.pixels.replaceSubrange(at..<at + 3, with: color)
                }
            }
        }
    }
}
