/// A way from noise to a sample; raw values are what `atelier sample --scheduler` takes.
public enum SamplingMethod: String, Codable, CaseIterable, Sendable {
    /// Song et al. (2021), with η.
    case ddim
    /// Ho et al. (2020): DDIM with η = 1 whose last step is exact.
    case ddpm
    /// Euler's method with noise put back after every step. Karras et al., "Elucidating the Design Space" (2022), after
    /// k-diffusion.
    case eulerAncestral = "euler-ancestral"
    /// Euler's method for the probability flow. Karras et al. (2022).
    case euler
    /// The second-order multistep solver DPM-Solver++(2M). Lu et al. (2022).
    case dpmSolver = "dpm-solver++"
    /// Linear multisteps (PLMS). Liu et al., "Pseudo Numerical Methods for Diffusion Models" (2022).
    case pndm

    /// diffusers' class.
    public var className: String {
        switch self {
        case .ddim: "DDIMScheduler"
        case .ddpm: "DDPMScheduler"
        case .eulerAncestral: "EulerAncestralDiscreteScheduler"
        case .euler: "EulerDiscreteScheduler"
        case .dpmSolver: "DPMSolverMultistepScheduler"
        case .pndm: "PNDMScheduler"
        }
    }

    /// Whether each step is a ``Transition`` of its own, and so can be trained through.
    public var isTrainable: Bool { self == .ddim || self == .ddpm || self == .eulerAncestral }

    /// How diffusers' class spreads timesteps if its file does not say.
    var spacing: DDIMScheduler.Spacing {
        switch self {
        case .ddim, .ddpm, .pndm: .leading
        case .eulerAncestral, .euler, .dpmSolver: .linspace
        }
    }
}
