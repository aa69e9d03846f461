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
            updateSeconds: updateSeconds, imagesPerSecond: imagesPerSecond)
    }
}
