public import Imaging

/// Draws scenes.
public enum Renderer {
    /// Draws the scene: a pure function of its record.
    public static func render(_ scene: Scene) -> Picture {
        let staged = StagedScene(scene)
        var canvas = staged.backdrop.pixels
        for thing in staged.things {
            draw(
                Sprite.all[thing.kind.index]
                    .stamp(scale: thing.place.scale, isMirrored: thing.place.isMirrored, tint: thing.tint),
                x: thing.place.x, y: thing.place.y, on: &canvas)
        }
        let side = Menagerie.side
        let bytes = [UInt8](unsafeUninitializedCapacity: side * side * 3) { buffer, count in
            for (index, color) in canvas.enumerated() {
                buffer[3 * index] = UInt8(color.x + 0.5)
                buffer[3 * index + 1] = UInt8(color.y + 0.5)
                buffer[3 * index + 2] = UInt8(color.z + 0.5)
            }
            count = side * side * 3
        }
        return Picture(width: side, height: side, pixels: bytes)
    }

    private static func draw(_ stamp: Sprite.Stamp, x left: Int, y top: Int, on canvas: inout [SIMD3<Float>]) {
        let side = Menagerie.side
        for y in max(0, -top)..<max(0, min(stamp.height, side - top)) {
            for x in max(0, -left)..<max(0, min(stamp.width, side - left)) {
                let pixel = stamp.pixels[y * stamp.width + x]
                let index = (top + y) * side + left + x
                // Rounding in the averages may leave a value a hair above 1.
                let blended = SIMD3(pixel.x, pixel.y, pixel.z) * 255 + canvas[index] * (1 - min(pixel.w, 1))
                canvas[index] = blended.clamped(lowerBound: .zero, upperBound: SIMD3(repeating: 255))
            }
        }
    }
}

/// A scene with everything decided that its record leaves to the seed.
struct StagedScene: Sendable {
    struct Thing: Sendable {
        var kind: Kind
        var tint: Tint?
        var place: Layout.Place
    }

    let backdrop: Backdrop
    let things: [Thing]

    init(_ scene: Scene) {
        var stream = RandomStream(seed: scene.seed)
        let description = scene.description
        var tinted = description.subjects
        for index in tinted.indices where !tinted[index].kind.isAnimal && tinted[index].tint == nil {
            let kind = tinted[index].kind
            tinted[index].tint = Self.firstVisible(of: Tint.allCases, using: &stream) { tint in
                description.ground.map { Contrast.hidden(kind, tint, ground: $0) } ?? 0
            }
        }
        let variant: Int
        if description.ground == nil {
            variant = Self.firstVisible(of: Array(Backdrop.plainTones.indices), using: &stream) { tone in
                tinted.map { Contrast.hidden($0.kind, $0.tint, plainTone: tone) }.max() ?? 0
            }
        } else {
            variant = stream.below(Backdrop.horizons.count)
        }
        let isMirrored = stream.chance(0.5) && description.ground != nil
        backdrop = Backdrop(ground: description.ground, variant: variant, isMirrored: isMirrored)
        let each = tinted.flatMap { Array(repeating: $0, count: $0.count) }
        let places = Layout.places(for: each.map(\.kind), relation: description.relation, using: &stream)
        things = zip(each, places).map { Thing(kind: $0.kind, tint: $0.tint, place: $1) }
    }

    /// A random choice before which a thing is visible; the best there is when none is good.
    private static func firstVisible<Choice>(
        of choices: [Choice], using generator: inout some RandomNumberGenerator, hidden: (Choice) -> Float
    ) -> Choice {
        let shares = choices.map(hidden)
        let good = choices.indices.filter { shares[$0] < 0.15 }
        if !good.isEmpty { return choices[generator.pick(good)] }
        return choices[choices.indices.min { shares[$0] < shares[$1] } ?? 0]
    }
}
