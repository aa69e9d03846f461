/// Which prompts a unit draws: a function of the run's seed and the unit's number, so that any unit can be drawn again
/// by anyone.
///
/// The prompts are dealt like cards: every pass over the list is shuffled anew, and each prompt comes once in a pass.
public struct PromptSchedule: Hashable, Sendable {
    private let prompts: [String]
    private let seed: UInt64
    private let samplesPerUnit: Int
    private let groupSize: Int

    public init(_ configuration: RunConfiguration) {
        prompts = configuration.prompts
        seed = configuration.seed
        samplesPerUnit = configuration.sampling.samplesPerUnit
        groupSize = configuration.sampling.groupSize
    }

    /// The prompt of each picture of a unit; the pictures of a group follow one another.
    public func prompts(ofUnit unit: UInt64) -> [String] {
        let groups = samplesPerUnit / groupSize
        return (0..<groups).flatMap { group -> [String] in
            let card = unit * UInt64(groups) + UInt64(group)
            return Array(repeating: prompt(card), count: groupSize)
        }
    }

    private func prompt(_ card: UInt64) -> String {
        let count = UInt64(prompts.count)
        let pass = card / count
        // Fisher and Yates, with a counter-based draw for each exchange.
        var order = Array(prompts.indices)
        for index in stride(from: order.count - 1, to: 0, by: -1) {
            order.swapAt(index, Int(mix(pass, UInt64(index)) % UInt64(index + 1)))
        }
        return prompts[order[Int(card % count)]]
    }

    /// SplitMix64's finaliser over the three numbers.
    private func mix(_ pass: UInt64, _ index: UInt64) -> UInt64 {
        var state = seed
        for word in [pass, index] {
            state = (state ^ word) &+ 0x9E37_79B9_7F4A_7C15
            state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
            state ^= state >> 31
        }
        return state
    }
}
