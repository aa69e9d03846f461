import Imaging

/// What pictures show whatever the reward says of them: signs of a policy that has found a way around its reward.
enum PictureMonitors {
    /// How much pictures of the same prompt differ: the mean, over pairs, of the root mean square difference of the
    /// pictures' 8×8 thumbnails, from 0 to 1; nil where no prompt has two pictures.
    static func diversity(_ pictures: [Picture], prompts: [String]) -> Double? {
        var (sum, pairs) = (0.0, 0)
        for (_, group) in Dictionary(grouping: zip(prompts, pictures), by: \.0) {
            let thumbnails = group.map { thumbnail($0.1) }
            for first in thumbnails.indices {
                for second in thumbnails.indices where second > first {
                    sum += distance(thumbnails[first], thumbnails[second])
                    pairs += 1
                }
            }
        }
        return pairs == 0 ? nil : sum / Double(pairs)
    }

    /// The share of the colour values that are as dark or as bright as can be.
    static func saturation(_ pictures: [Picture]) -> Double {
        let count = pictures.reduce(0) { $0 + $1.pixels.count }
        let extreme = pictures.reduce(0) { $0 + $1.pixels.count { $0 == 0 || $0 == 255 } }
        return count == 0 ? 0 : Double(extreme) / Double(count)
    }

    private static let side = 8

    /// Mean colours of 8×8 fields, from 0 to 1.
    private static func thumbnail(_ picture: Picture) -> [Double] {
        var sums = [Double](repeating: 0, count: side * side * 3)
        var counts = [Double](repeating: 0, count: side * side)
        for row in 0..<picture.height {
            for column in 0..<picture.width {
                let field = row * side / picture.height * side + column * side / picture.width
                let pixel = (row * picture.width + column) * 3
                for channel in 0..<3 { sums[field * 3 + channel] += Double(picture.pixels[pixel + channel]) / 255 }
                counts[field] += 1
            }
        }
        return sums.indices.map { sums[$0] / max(counts[$0 / 3], 1) }
    }

    private static func distance(_ left: [Double], _ right: [Double]) -> Double {
        (zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(left.count)).squareRoot()
    }
}
