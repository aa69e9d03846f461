import RunConfiguration
import Wire

extension Coordinator {
    /// What a worker is told when it enters.
    var registration: ControlRegisterReply {
        ControlRegisterReply(
            run: configuration.run, learnerAddress: fleet.learnerAddress ?? "",
            silenceMs: UInt32(configuration.leases.silenceSeconds * 1000))
    }
}
