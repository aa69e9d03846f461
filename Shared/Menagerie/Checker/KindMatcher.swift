import Foundation

/// Tells the kind of a thing by its outline and the pattern of light and dark, whatever its colour.
///
/// A thing is reduced to `side * side` cells of its bounding box, two numbers a cell: whether it is covered and how
/// light it is compared with the rest of the thing. Templates are made the same way from the sprites, in natural
/// colours and coloured, and mirrored. The score is the cosine of the two vectors, less a penalty for other proportions.
struct KindMatcher: Sendable {
    static let side = 16
    private static let cells = side * side

    private struct Template: Sendable {
        let kind: Int
        let aspect: Float
        let features: [SIMD16<Float>]
    }

    private let templates: [Template]

    /// The temperature of the softmax that turns scores into shares.
    private let temperature: Float = 0.03

    init() {
        templates = Kind.allCases.indices.flatMap { kind in
            [false, true].flatMap { isMirrored in
                [false, true].compactMap { isTinted in
                    isTinted || kind < Kind.animals.count
                        ? Self.template(kind, isMirrored: isMirrored, isTinted: isTinted) : nil
                }
            }
        }
    }

    /// The matcher of the program's sprites.
    static let shared = KindMatcher()

    /// For each kind, how well the region looks like it: sums to 1.
    ///
    /// A soft picture spreads a thing over its neighbourhood, and a sharp one may hide pale parts of it: the whole region
    /// and its clearer part are both looked at, and the better match counts.
    func shares(of region: Region, in foreground: Foreground) -> [Float] {
        var byKind = [Float](repeating: -1, count: Kind.allCases.count)
        match(PatchSampler(region, coverFrom: 14, to: 40, in: foreground), &byKind)
        let contrast = region.contrast(in: foreground)
        if contrast > 60, let clear = region.tightened(to: 0.45 * contrast, in: foreground) {
            match(PatchSampler(clear, coverFrom: 0.3 * contrast, to: 0.7 * contrast, in: foreground), &byKind)
        }
        let highest = byKind.max() ?? 0
        let weights = byKind.map { exp(($0 - highest) / temperature) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum }
    }

    /// Raises the score of each kind to that of its best template.
    private func match(_ sampler: PatchSampler, _ byKind: inout [Float]) {
        let base = sampler.features(growing: (0, 0, 0, 0))
        var scores = templates.map { score($0, base, aspect: sampler.aspect((0, 0, 0, 0))) }
        // The box may be a pixel off on each side: look again around it, for the best candidates only.
        let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(12)
        for left in -1...1 {
            for top in -1...1 {
                for right in -1...1 {
                    for bottom in -1...1 {
                        let growth = (left, top, right, bottom)
                        let features = sampler.features(growing: growth)
                        let aspect = sampler.aspect(growth)
                        for index in best {
                            scores[index] = max(scores[index], score(templates[index], features, aspect: aspect))
                        }
                    }
                }
            }
        }
        for (template, score) in zip(templates, scores) { byKind[template.kind] = max(byKind[template.kind], score) }
    }

    private func score(_ template: Template, _ features: [SIMD16<Float>], aspect: Float) -> Float {
        var lanes = SIMD16<Float>.zero
        for index in features.indices { lanes += template.features[index] * features[index] }
        let stretch = aspect - template.aspect
        return lanes.sum() - 0.5 * stretch * stretch
    }

    private static func template(_ kind: Int, isMirrored: Bool, isTinted: Bool) -> Template {
        let sprite = Sprite.all[kind]
        let stamp = sprite.stamp(scale: 0.6, isMirrored: isMirrored, tint: isTinted ? .green : nil)
        let luminances = stamp.pixels.map { $0.w > 0.02 ? Sprite.luminance($0) / $0.w : 0 }
        let sampler = PatchSampler(
            width: stamp.width, height: stamp.height, covers: stamp.pixels.map(\.w), luminances: luminances)
        return Template(
            kind: kind, aspect: sampler.aspect((0, 0, 0, 0)), features: sampler.features(growing: (0, 0, 0, 0)))
    }
}
