import Diffusion
import RunConfiguration

extension RunConfiguration {
    /// How pictures are drawn.
    var samplingSettings: SamplingSettings {
        SamplingSettings(
            steps: sampling.steps, guidance: sampling.guidance, eta: sampling.eta, scheduler: sampling.scheduler)
    }
}
