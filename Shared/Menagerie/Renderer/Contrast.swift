/// Whether a thing can be seen before a ground.
enum Contrast {
    /// The share of the sprite that is near the tone, by tone (the plain ones, then those of the grounds), by colouring
    /// (natural, then the tints) and kind.
    private static let hidden: [[[Float]]] = Kind.allCases.map { kind in
        ([nil] + Tint.allCases.map { $0 as Tint? }).map { tint in
            let stamp = Sprite.all[kind.index].stamp(scale: 0.4, isMirrored: false, tint: tint)
            let colors = stamp.pixels.filter { $0.w > 0.6 }.map { SIMD3($0.x, $0.y, $0.z) / $0.w }
            return tones.map { tone in
                Float(colors.count { color in (color - tone).lengthSquared < 0.024 }) / Float(max(colors.count, 1))
            }
        }
    }

    private static let tones: [SIMD3<Float>] = Backdrop.plainTones + Ground.allCases.flatMap(\.mainTones)

    /// The part of `tones` that belongs to each ground.
    private static let toneRanges: [Ground: Range<Int>] = {
        var ranges: [Ground: Range<Int>] = [:]
        var start = Backdrop.plainTones.count
        for ground in Ground.allCases {
            ranges[ground] = start..<start + ground.mainTones.count
            start += ground.mainTones.count
        }
        return ranges
    }()

    /// The share of the thing that is hard to tell from the tone.
    static func hidden(_ kind: Kind, _ tint: Tint?, plainTone: Int) -> Float {
        hidden[kind.index][tintIndex(tint)][plainTone]
    }

    /// The share of the thing that is hard to tell from the worst of the ground's main tones.
    static func hidden(_ kind: Kind, _ tint: Tint?, ground: Ground) -> Float {
        hidden[kind.index][tintIndex(tint)][toneRanges[ground] ?? 0..<0].max() ?? 0
    }

    /// Whether every thing of the scene stands out from the ground it names.
    static func isVisible(_ description: Scene.Description) -> Bool {
        guard let ground = description.ground else { return true }
        return description.subjects.allSatisfy { subject in
            // A shape of no stated colour takes one that can be seen.
            if !subject.kind.isAnimal, subject.tint == nil { return true }
            return hidden(subject.kind, subject.tint, ground: ground) < 0.3
        }
    }

    private static func tintIndex(_ tint: Tint?) -> Int {
        tint.flatMap { Tint.allCases.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
    }
}

extension SIMD3<Float> {
    var lengthSquared: Float { (self * self).sum() }
}
