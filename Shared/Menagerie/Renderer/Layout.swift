/// Where the things of a scene stand.
///
/// The picture is divided into cells, one a thing; a gap between cells keeps the things apart.
struct Layout: Sendable {
    /// The upper left corner and the scale of one thing.
    struct Place: Sendable {
        var x: Int
        var y: Int
        var scale: Float
        var isMirrored: Bool
    }

    private struct Cell {
        var x: Float
        var y: Float
        var width: Float
        var height: Float
    }

    /// One place for each kind, in order.
    ///
    /// - Parameters:
    ///   - kinds: one to five kinds.
    ///   - relation: how the first of two lies to the second.
    ///   - generator: decides the rest.
    /// - Returns: the places, none overlapping another.
    static func places(
        for kinds: [Kind], relation: Relation?, using generator: inout some RandomNumberGenerator
    ) -> [Place] {
        var cells = cells(kinds.count, relation: relation, using: &generator)
        if relation == nil { shuffle(&cells, using: &generator) }
        let common = generator.uniform(0.8, 1)
        return zip(kinds, cells).map { kind, cell in
            let sprite = Sprite.all[kind.index]
            let side = Float(Sprite.side)
            // Alone a thing fills most of the picture; among others it fills its cell.
            let limit: Float = kinds.count == 1 ? generator.uniform(34, 50) : 30 * common * generator.uniform(0.94, 1)
            let fit = min(cell.width / Float(sprite.width), cell.height / Float(sprite.height)) * 0.995
            let scale = min(fit, limit / side)
            let width = (Float(sprite.width) * scale).rounded()
            let height = (Float(sprite.height) * scale).rounded()
            let x = cell.x + generator.unit() * max(cell.width - width, 0)
            let y = cell.y + generator.unit() * max(cell.height - height, 0)
            return Place(x: Int(x.rounded()), y: Int(y.rounded()), scale: scale, isMirrored: generator.chance(0.5))
        }
    }

    private static func cells(
        _ count: Int, relation: Relation?, using generator: inout some RandomNumberGenerator
    ) -> [Cell] {
        let (isRow, isReversed) =
            switch relation {
            case .leftOf: (true, false)
            case .rightOf: (true, true)
            case .above: (false, false)
            case .below: (false, true)
            case nil: (generator.chance(0.7), generator.chance(0.5))
            }
        switch count {
        case 1: return rows([1], isTransposed: false)
        case 2:
            // Related things lie nearly on one line, so that only one relation is true.
            let pair = rows(isRow ? [2] : [1, 1], isTransposed: false).map { cell in
                var cell = cell
                if relation == nil { return cell }
                if isRow { (cell.y, cell.height) = (17, 30) } else { (cell.x, cell.width) = (17, 30) }
                return cell
            }
            return isReversed ? pair.reversed() : pair
        case 3: return rows(isReversed ? [2, 1] : [1, 2], isTransposed: !isRow)
        case 4: return rows([2, 2], isTransposed: false)
        default: return rows(isReversed ? [3, 2] : [2, 3], isTransposed: !isRow)
        }
    }

    /// Rows of cells with these numbers of columns, or columns of rows when transposed.
    private static func rows(_ counts: [Int], isTransposed: Bool) -> [Cell] {
        let (side, margin, gap) = (Float(Menagerie.side), Float(1), Float(4))
        let height = (side - 2 * margin - gap * Float(counts.count - 1)) / Float(counts.count)
        return counts.enumerated().flatMap { row, count in
            // A single thing in a row of its own stays in the middle half.
            let inset: Float = count == 1 && counts.count > 1 ? 14 : 0
            let width = (side - 2 * margin - 2 * inset - gap * Float(count - 1)) / Float(count)
            return (0..<count).map { column in
                let x = margin + inset + Float(column) * (width + gap)
                let y = margin + Float(row) * (height + gap)
                return isTransposed
                    ? Cell(x: y, y: x, width: height, height: width) : Cell(x: x, y: y, width: width, height: height)
            }
        }
    }

    private static func shuffle(_ cells: inout [Cell], using generator: inout some RandomNumberGenerator) {
        for index in cells.indices.dropFirst() { cells.swapAt(index, generator.below(index + 1)) }
    }
}
