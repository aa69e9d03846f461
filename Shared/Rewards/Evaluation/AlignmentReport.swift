/// A picture's score beside what people said of it.
public struct LabelledScore: Hashable, Sendable {
    public var prompt: String
    public var score: Double
    /// One for each annotator: 1 right, 0 wrong, -1 unsure.
    public var labels: [Int]

    public init(prompt: String, score: Double, labels: [Int]) {
        (self.prompt, self.score, self.labels) = (prompt, score, labels)
    }

    /// More than half of all annotators say that the picture is right; who is unsure does not say so.
    var isRight: Bool { 2 * labels.count { $0 == 1 } > labels.count }

    /// The share of annotators who say that the picture is right.
    var grade: Double { Double(labels.count { $0 == 1 }) / Double(max(labels.count, 1)) }
}

/// One reward's measures: of a prompt's pictures, or the means over prompts.
public struct AlignmentMeasures: Codable, Hashable, Sendable {
    public var auroc: Double?
    public var auprc: Double?
    public var ap5: Double?
    public var ap10: Double?
    public var ap25: Double?
    /// Rank correlations with the share of positive votes.
    public var spearman: Double?
    public var kendall: Double?
    /// `nil` where scores are no probabilities.
    public var ece: Double?

    /// In the order of tables, with their names in files.
    public static var columns: [(name: String, value: WritableKeyPath<AlignmentMeasures, Double?>)] {
        [
            ("auroc", \.auroc), ("auprc", \.auprc), ("ap5", \.ap5), ("ap10", \.ap10), ("ap25", \.ap25),
            ("spearman", \.spearman), ("kendall", \.kendall), ("ece", \.ece),
        ]
    }

    public init() {}

    /// The measures of one prompt's pictures.
    ///
    /// - Parameters:
    ///   - pictures: scores and labels.
    ///   - hasProbabilities: whether scores are probabilities, of which a calibration error can be told.
    public init(_ pictures: [LabelledScore], hasProbabilities: Bool) {
        let (scores, isRight) = (pictures.map(\.score), pictures.map(\.isRight))
        let grades = pictures.map(\.grade)
        auroc = RankMetrics.auroc(scores, isRight)
        auprc = RankMetrics.auprc(scores, isRight)
        ap5 = RankMetrics.averagePrecision(at: 5, scores, isRight)
        ap10 = RankMetrics.averagePrecision(at: 10, scores, isRight)
        ap25 = RankMetrics.averagePrecision(at: 25, scores, isRight)
        spearman = RankMetrics.spearman(scores, grades)
        kendall = RankMetrics.kendall(scores, grades)
        ece = hasProbabilities ? RankMetrics.calibrationError(scores, isRight) : nil
    }

    /// The mean of each measure over the prompts that have it.
    public init(meansOf prompts: [AlignmentMeasures]) {
        for (_, value) in Self.columns {
            let known = prompts.compactMap { $0[keyPath: value] }
            self[keyPath: value] = known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        // What is not known is said to be so.
        try keys.encode(auroc, forKey: .auroc)
        try keys.encode(auprc, forKey: .auprc)
        try keys.encode(ap5, forKey: .ap5)
        try keys.encode(ap10, forKey: .ap10)
        try keys.encode(ap25, forKey: .ap25)
        try keys.encode(spearman, forKey: .spearman)
        try keys.encode(kendall, forKey: .kendall)
        try keys.encode(ece, forKey: .ece)
    }
}

/// How far a reward agrees with people, for each prompt and on average.
public struct AlignmentReport: Codable, Hashable, Sendable {
    /// The mean over prompts.
    public var macro: AlignmentMeasures
    public var prompts: [String: AlignmentMeasures]
    /// Prompts without a right picture and without a wrong one: nothing can be told apart, so they do not count.
    public var leftOut: LeftOut

    public struct LeftOut: Codable, Hashable, Sendable {
        public var allWrong = 0
        public var allRight = 0
    }

    public init(_ pictures: [LabelledScore]) {
        let hasProbabilities = pictures.allSatisfy { (0...1).contains($0.score) }
        var leftOut = LeftOut()
        prompts = Dictionary(grouping: pictures, by: \.prompt).compactMapValues { group in
            switch group.count(where: \.isRight) {
            case 0: leftOut.allWrong += 1
            case group.count: leftOut.allRight += 1
            default: return AlignmentMeasures(group, hasProbabilities: hasProbabilities)
            }
            return nil
        }
        self.leftOut = leftOut
        // In a fixed order: sums of floating-point numbers depend on it.
        macro = AlignmentMeasures(meansOf: prompts.sorted { $0.key < $1.key }.map(\.value))
    }
}
