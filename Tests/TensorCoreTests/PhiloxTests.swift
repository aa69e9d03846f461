import Foundation
import TensorCore
import Testing

struct PhiloxTests {
    /// Known-answer vectors published with Random123 (`kat_vectors`, `philox 4x32 10`).
    struct Answer: Sendable {
        let counter: Philox.Words
        let key: SIMD2<UInt32>
        let words: Philox.Words
    }

    static let answers = [
        Answer(
            counter: [0, 0, 0, 0], key: [0, 0], words: [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        Answer(
            counter: [.max, .max, .max, .max], key: [.max, .max],
            words: [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        Answer(
            counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0],
            words: [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
    ]

    @Test(arguments: answers) func givesThePublishedWords(_ answer: Answer) {
        #expect(Philox(key: answer.key).words(at: answer.counter) == answer.words)
    }

    @Test func takesTheSeedAsTwoWordsLowFirst() {
        let counter: Philox.Words = [1, 2, 3, 4]
        #expect(
            Philox(seed: 0x1111_2222_3333_4444).words(at: counter)
                == Philox(key: [0x3333_4444, 0x1111_2222]).words(at: counter))
    }
}

struct NoiseTests {
    @Test func drawsEachRowOfABatchAsItIsDrawnAlone() {
        let rows = (0..<5).map { Noise(seed: 7, unit: 1 << 40, sample: $0, step: 3, purpose: .transition) }
        let batch = Noise.gaussian(rows: rows, shape: [3, 7])
        #expect(batch.shape == [5, 3, 7])
        #expect(batch.scalars == rows.flatMap { $0.gaussian(shape: [21]).scalars })
    }

    @Test func beginsALongerDrawWithTheShorterDrawsValues() {
        let noise = Noise(seed: 1, purpose: .initialLatent)
        let long = noise.gaussian(shape: [64]).scalars
        for count in 0..<64 { #expect(noise.gaussian(shape: [count]).scalars == Array(long[..<count])) }
    }

    @Test func givesEveryCoordinateItsOwnNumbers() {
        let noises = [
            Noise(seed: 1, purpose: .transition), Noise(seed: 1 << 32, purpose: .transition),
            Noise(seed: 1, unit: 1, purpose: .transition), Noise(seed: 1, unit: 1 << 32, purpose: .transition),
            Noise(seed: 1, sample: 1, purpose: .transition), Noise(seed: 1, step: 1, purpose: .transition),
            Noise(seed: 1, purpose: .initialLatent),
        ]
        #expect(Set(noises.map { $0.gaussian(shape: [8]).scalars }).count == noises.count)
    }

    @Test func drawsTheStandardNormalDistribution() {
        let count = 1 << 20
        let values = Noise(seed: 3, purpose: .experiment).gaussian(shape: [count]).scalars.map(Double.init)
        let moments = (1...4).map { power in values.reduce(0) { $0 + pow($1, Double(power)) } / Double(count) }
        // Five standard errors of the first four moments: variances 1, 2, 15 and 96 over the count.
        for (moment, (expected, variance)) in zip(moments, [(0.0, 1.0), (1, 2), (0, 15), (3, 96)]) {
            #expect(abs(moment - expected) < 5 * (variance / Double(count)).squareRoot())
        }
        for (threshold, share) in [(1.0, 0.158655), (2, 0.022750), (3, 0.0013499), (4, 3.1671e-5)] {
            let above = Double(values.count { $0 > threshold })
            #expect(abs(above - share * Double(count)) < 5 * (share * Double(count)).squareRoot())
        }
        let neighbours = zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
        #expect(abs(neighbours) < 5 / Double(count).squareRoot())
    }

    @Test func drawsUniformNumbersBelowOne() {
        let values = Noise(seed: 3, purpose: .experiment).uniform(shape: [100_001]).scalars
        #expect(values.allSatisfy { (0..<1).contains($0) })
        #expect(abs(values.reduce(0, +) / 100_001 - 0.5) < 0.005)
    }

    @Test func shufflesTheSameWayFromTheSameCoordinate() {
        var (first, second) = (
            Noise(seed: 9, purpose: .order).makeGenerator(), Noise(seed: 9, purpose: .order).makeGenerator()
        )
        let shuffled = Array(0..<50).shuffled(using: &first)
        #expect(shuffled == Array(0..<50).shuffled(using: &second))
        #expect(shuffled != Array(0..<50))
    }
}
