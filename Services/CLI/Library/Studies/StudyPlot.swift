import Foundation
import Imaging

/// Curves of rewards over queries as a picture, with scales and the names of the arms.
struct StudyPlot {
    /// Blue, orange, green, red, purple: as most plotting libraries begin.
    private static let colors: [[UInt8]] = [
        [31, 119, 180], [255, 127, 14], [44, 160, 44], [214, 39, 40], [148, 103, 189],
    ]
    private static let (grey, black): ([UInt8], [UInt8]) = ([225, 225, 225], [60, 60, 60])
    private static let (width, height) = (720, 440)
    private static let (left, right, top, bottom) = (76, 20, 36, 44)

    private var picture = Picture(width: width, height: height, red: 255, green: 255, blue: 255)
    private let queries: ClosedRange<Double>
    private let rewards: ClosedRange<Double>

    /// Draws one curve for each arm.
    static func draw(_ arms: [(name: String, curve: [StudyRun.Point])]) -> Picture {
        var plot = StudyPlot(arms.flatMap(\.curve))
        plot.drawScales()
        var x = left
        for (index, arm) in arms.enumerated() {
            let color = colors[index % colors.count]
            for (from, to) in zip(arm.curve, arm.curve.dropFirst()) {
                plot.line(from: plot.place(from), to: plot.place(to), color, thickness: 3)
            }
            plot.line(from: (x, top / 2), to: (x + 18, top / 2), color, thickness: 3)
            plot.picture.drawLabel(arm.name, x: x + 24, y: (top - Picture.labelHeight) / 2, color: black)
            x += 24 + Picture.width(ofLabel: arm.name) + 20
        }
        return plot.picture
    }

    private init(_ points: [StudyRun.Point]) {
        queries = 0...Double(max(points.map(\.queries).max() ?? 1, 1))
        let low = points.map(\.reward).min() ?? 0
        rewards = low...max(points.map(\.reward).max() ?? 1, low + 1e-9)
    }

    private func place(_ point: StudyRun.Point) -> (x: Int, y: Int) { (x(Double(point.queries)), y(point.reward)) }

    private func x(_ value: Double) -> Int {
        Self.left + Int(share(value, of: queries) * Double(Self.width - Self.left - Self.right))
    }

    private func y(_ value: Double) -> Int {
        Self.height - Self.bottom - Int(share(value, of: rewards) * Double(Self.height - Self.top - Self.bottom))
    }

    private func share(_ value: Double, of range: ClosedRange<Double>) -> Double {
        (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    }

    private mutating func drawScales() {
        for (value, label) in Self.ticks(rewards) {
            let row = y(value)
            line(from: (Self.left, row), to: (Self.width - Self.right, row), Self.grey, thickness: 1)
            picture.drawLabel(
                label, x: Self.left - 8 - Picture.width(ofLabel: label), y: row - Picture.labelHeight / 2,
                color: Self.black)
        }
        for (value, label) in Self.ticks(queries) {
            let column = x(value)
            line(from: (column, Self.height - Self.bottom), to: (column, Self.top), Self.grey, thickness: 1)
            picture.drawLabel(
                label, x: column - Picture.width(ofLabel: label) / 2, y: Self.height - Self.bottom + 4,
                color: Self.black)
        }
        let title = "reward over queries"
        picture.drawLabel(
            title, x: Self.width - Self.right - Picture.width(ofLabel: title), y: Self.height - Picture.labelHeight - 2,
            color: Self.black)
    }

    /// Round values within a range: steps of 1, 2 or 5 times a power of ten, at most eight of them.
    static func ticks(_ range: ClosedRange<Double>) -> [(value: Double, label: String)] {
        let rough = (range.upperBound - range.lowerBound) / 8
        let power = pow(10, floor(log10(rough)))
        let step = ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10) * power
        let first = Int((range.lowerBound / step).rounded(.up))
        let last = Int((range.upperBound / step).rounded(.down))
        let digits = max(0, -Int(floor(log10(step))))
        return (min(first, last)...last).filter { $0 >= first }.map {
            (Double($0) * step, Figures.fixed(Double($0) * step, digits))
        }
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
