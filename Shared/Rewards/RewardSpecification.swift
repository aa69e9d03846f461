/// A reward's specification cut into its parts: `name[:aspect][?key=value[&key=value]…]`.
struct RewardSpecification {
    let text: String
    let name: String
    let aspect: String?
    private var settings: [String: String] = [:]

    init(_ text: String) throws(RewardError) {
        self.text = text
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let head = halves[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(head[0])
        aspect = head.count > 1 ? String(head[1]) : nil
        guard halves.count > 1 else { return }
        for pair in halves[1].split(separator: "&", omittingEmptySubsequences: false) {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, settings.updateValue(String(sides[1]), forKey: String(sides[0])) == nil else {
                throw RewardError(
                    code: .unknownSetting,
                    message: "the reward \"\(text)\" has \"\(pair)\" where one key=value for each key is expected")
            }
        }
    }

    /// A name with settings that were read as a group.
    init(name: String, settings: [String: String]) {
        (text, self.name, aspect, self.settings) = (name, name, nil, settings)
    }

    /// Takes a text out of the settings.
    mutating func takeOptional(_ key: String) -> String? { settings.removeValue(forKey: key) }

    /// Takes a text that must be there out of the settings.
    mutating func take(_ key: String) throws(RewardError) -> String {
        guard let value = settings.removeValue(forKey: key), !value.isEmpty else {
            throw RewardError(code: .badValue, message: "the reward \"\(text)\" needs \(key)=…")
        }
        return value
    }

    /// Takes a number out of the settings.
    mutating func take(_ key: String, default standard: Double) throws(RewardError) -> Double {
        guard let value = settings.removeValue(forKey: key) else { return standard }
        guard let number = Double(value), number.isFinite else {
            throw RewardError(
                code: .badValue, message: "the reward \"\(text)\" has \(key)=\(value); it must be a number")
        }
        return number
    }

    /// Takes one of the cases out of the settings.
    mutating func take<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default standard: Choice
    ) throws(RewardError) -> Choice where Choice.RawValue == String {
        guard let value = settings.removeValue(forKey: key) else { return standard }
        guard let choice = Choice(rawValue: value) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw RewardError(
                code: .badValue, message: "the reward \"\(text)\" has \(key)=\(value); it can be: \(choices)")
        }
        return choice
    }

    /// Takes a whole number out of the settings.
    mutating func take(_ key: String, in range: ClosedRange<Int>, default standard: Int) throws(RewardError) -> Int {
        guard let value = settings.removeValue(forKey: key) else { return standard }
        guard let number = Int(value), range.contains(number) else {
            throw RewardError(
                code: .badValue,
                message: "the reward \"\(text)\" has \(key)=\(value); it must be a whole number of \(range)")
        }
        return number
    }

    /// Takes the aspect, which must be one of the cases.
    func aspect<Aspect: RawRepresentable & CaseIterable>(default standard: Aspect) throws(RewardError) -> Aspect
    where Aspect.RawValue == String {
        guard let aspect else { return standard }
        guard let known = Aspect(rawValue: aspect) else {
            let choices = Aspect.allCases.map(\.rawValue).joined(separator: ", ")
            throw RewardError(
                code: .unknownAspect, message: "the reward \"\(text)\" has no \"\(aspect)\"; it has: \(choices)")
        }
        return known
    }

    /// Refuses an aspect on a reward that has none.
    func refuseAspect() throws(RewardError) {
        guard let aspect else { return }
        throw RewardError(
            code: .unknownAspect, message: "the reward \"\(text)\" has no \"\(aspect)\"; \(name) stands alone")
    }

    /// Refuses the settings that nobody took.
    func refuseRest(known: [String]) throws(RewardError) {
        guard let key = settings.keys.min() else { return }
        let choices = known.isEmpty ? "it has none" : "it has: \(known.joined(separator: ", "))"
        throw RewardError(
            code: .unknownSetting, message: "the reward \"\(text)\" has no setting \"\(key)\"; \(choices)")
    }
}
