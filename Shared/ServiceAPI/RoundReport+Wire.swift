public import Ledger
public import Wire

extension RoundReport {
    public init(_ wire: ControlRoundReport) {
        self.init()
        round = Int(wire.round)
        samples = Int(wire.samples)
        rewardMean = wire.rewardMean
        rewardStandardError = wire.rewardStandardError
        rewards = wire.rewards
        successRate = wire.successRate
        loss = wire.loss
        approximateKL = wire.approximateKl
        clipFraction = wire.clipFraction
        gradientNorm = wire.gradientNorm
        monitors = wire.monitors
        warnings = wire.warnings
        validation = wire.validation.map { ValidationReport($0) }
        staleness = Int(wire.staleness)
        rewardSet = Int(wire.rewardSet)
        seconds = wire.seconds
        updateSeconds = wire.updateSeconds
        imagesPerSecond = wire.imagesPerSecond
    }

    public var wire: ControlRoundReport {
        ControlRoundReport(
            round: UInt32(round), samples: UInt32(samples), rewardMean: rewardMean,
            rewardStandardError: rewardStandardError, rewards: rewards, successRate: successRate, loss: loss,
            approximateKl: approximateKL, clipFraction: clipFraction, gradientNorm: gradientNorm,
            staleness: UInt32(staleness), rewardSet: UInt32(rewardSet), seconds: seconds,
            updateSeconds: updateSeconds, imagesPerSecond: imagesPerSecond,
            monitors: monitors, warnings: warnings, validation: validation?.wire)
    }
}

extension ValidationReport {
    public init(_ wire: ControlValidationReport) {
        self.init()
        version = Int(wire.version)
        samples = Int(wire.samples)
        mean = wire.mean
        standardError = wire.standardError
        better = Int(wire.better)
        selected = Int(wire.selected)
    }

    public var wire: ControlValidationReport {
        ControlValidationReport(
            version: UInt32(version), samples: UInt32(samples), mean: mean, standardError: standardError,
            better: UInt32(better), selected: UInt32(selected))
    }
}
