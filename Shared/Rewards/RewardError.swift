/// Why a reward cannot be made from its specification, or not be measured.
public struct RewardError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable {
        private enum Value { case unknownReward, unknownAspect, unknownSetting, badValue, cycle, badModel, badSet }
        private let value: Value
        /// There is no reward of this name.
        public static let unknownReward = Self(value: .unknownReward)
        /// The reward has no such aspect (the part after the colon).
        public static let unknownAspect = Self(value: .unknownAspect)
        /// The reward has no such setting, or it is given twice.
        public static let unknownSetting = Self(value: .unknownSetting)
        /// The setting cannot have this value.
        public static let badValue = Self(value: .badValue)
        /// A reward is made of itself.
        public static let cycle = Self(value: .cycle)
        /// The files of a model cannot be used.
        public static let badModel = Self(value: .badModel)
        /// A set of judged pictures lacks a file, or one of its files cannot be read.
        public static let badSet = Self(value: .badSet)
    }

    public let code: Code
    /// One line that names the specification or the file and lists the choices.
    public let message: String
    public var description: String { message }
}
