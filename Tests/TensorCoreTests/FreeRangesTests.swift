import Testing

@testable import TensorCore

@Suite struct FreeRangesTests {
    @Test func noAddressIsTakenTwiceAndAllBecomeOneAgain() {
        var generator = SystemRandomNumberGenerator()
        var ranges = FreeRanges()
        var taken: [(start: Int, length: Int)] = []
        var owners: [Bool] = []
        func mark(_ part: (start: Int, length: Int), _ isTaken: Bool) {
            for address in part.start..<part.start + part.length {
                #expect(owners[address] != isTaken)
                owners[address] = isTaken
            }
        }
        for _ in 0..<2_000 {
            if taken.isEmpty || Bool.random(using: &generator) && taken.count < 30 {
                let length = Int.random(in: 1...20, using: &generator)
                let part = (start: ranges.take(length), length: length)
                owners += Array(repeating: false, count: max(0, ranges.end - owners.count))
                #expect(part.start + length <= ranges.end)
                mark(part, true)
                taken.append(part)
            } else {
                let part = taken.remove(at: Int.random(in: taken.indices, using: &generator))
                mark(part, false)
                ranges.give(part.start, part.length)
            }
        }
        for part in taken { ranges.give(part.start, part.length) }
        let end = ranges.end
        #expect(ranges.take(end) == 0, "one part, as long as all that was ever taken")
        #expect(ranges.end == end)
    }

    @Test func theSmallestPartThatIsLargeEnoughIsTaken() {
        var ranges = FreeRanges()
        let starts = [8, 1, 4, 1, 5, 1].map { ranges.take($0) }
        ranges.give(starts[0], 8)
        ranges.give(starts[2], 4)
        ranges.give(starts[4], 5)
        #expect(ranges.take(4) == starts[2])
        #expect(ranges.take(4) == starts[4])
        #expect(ranges.take(4) == starts[0])
        #expect(ranges.take(9) == 20, "nothing is large enough")
        #expect(ranges.end == 29)
    }

    @Test func whatIsFreeAtTheEndGrows() {
        var ranges = FreeRanges()
        #expect(ranges.take(4) == 0)
        #expect(ranges.take(4) == 4)
        ranges.give(4, 4)
        #expect(ranges.take(6) == 4)
        #expect(ranges.end == 10)
    }
}
