import Foundation

/// Why a `scheduler_config.json` cannot be used: names the file and the option.
public struct SchedulerError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    /// The option, unless the file as a whole is wrong.
    public let option: String?
    public let reason: String

    public var description: String {
        if let option { "\(path): option '\(option)': \(reason)" } else { "\(path): \(reason)" }
    }
}

extension SamplingScheduler {
    /// Reads diffusers' `scheduler_config.json` of any of the samplers here.
    ///
    /// Missing options have the defaults of the class that the file names, or of `DDIMScheduler`; in particular a missing
    /// `clip_sample` means true for DDIM and DDPM.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - pipeline: the class of the pipeline that the file is part of. diffusers' `StableDiffusionPipeline` sets
    ///     `steps_offset` to 1 and `clip_sample` to false, whatever the file says.
    /// - Throws: `SchedulerError` that names the first option, in alphabetical order, which is unknown or asks for what is not
    ///   done here.
    public init(path: String, pipeline: String? = nil) throws(SchedulerError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SchedulerError(path: path, option: nil, reason: "it cannot be read")
        }
        // Python writes infinities, which JSON does not have, for instance as lambda_min_clipped.
        let text = String(decoding: data, as: UTF8.self).replacing(#/:\s*-?(Infinity|NaN)/#) { _ in ": null" }
        guard var values = try? JSONDecoder().decode([String: ConfigurationValue].self, from: Data(text.utf8)) else {
            throw SchedulerError(path: path, option: nil, reason: "it is not a JSON object of options")
        }
        if pipeline == "StableDiffusionPipeline" {
            values["steps_offset"] = .number(1)
            values["clip_sample"] = .flag(false)
        }
        try self.init(configuration: ConfigurationReader(path: path, values: values))
    }

    private init(configuration: ConfigurationReader) throws(SchedulerError) {
        let method = try configuration.method()
        try configuration.refuseWhatIsNotDone(by: method)
        let count = try configuration.integer("num_train_timesteps", 1000, 1...100_000)
        var schedule: NoiseSchedule
        if let betas = try configuration.numbers("trained_betas") {
            guard betas.count == count, betas.allSatisfy({ (0..<1).contains($0) }) else {
                throw configuration.error("trained_betas", "\(count) numbers from 0 to below 1 are needed")
            }
            schedule = NoiseSchedule(betas: betas)
        } else {
            let start = try configuration.number("beta_start", 0.0001, 0...0.999)
            let end = try configuration.number("beta_end", 0.02, 0...0.999)
            guard start <= end else { throw configuration.error("beta_end", "\(end) is below beta_start \(start)") }
            schedule = NoiseSchedule(
                try configuration.choice("beta_schedule", .linear), count: count, start: start, end: end)
        }
        let prediction: NoiseSchedule.Prediction = try configuration.choice("prediction_type", .epsilon)
        if try configuration.flag("rescale_betas_zero_snr", false) {
            guard prediction == .velocity else {
                throw configuration.error("rescale_betas_zero_snr", "true needs prediction_type 'v_prediction'")
            }
            schedule = schedule.withZeroTerminalSignal()
        }
        self.init(
            DDIMScheduler(
                schedule: schedule, prediction: prediction,
                spacing: try configuration.choice("timestep_spacing", method.spacing),
                stepsOffset: try configuration.integer("steps_offset", 0, 0...count - 1),
                setAlphaToOne: try configuration.flag("set_alpha_to_one", method != .pndm)))
        self.method = method
        options.endsWithoutNoise = try configuration.choice("final_sigmas_type", FinalSigma.zero) == .zero
        options.solverOrder = try configuration.integer("solver_order", 2, 1...2)
        options.usesHeun = try configuration.choice("solver_type", SolverType.midpoint) == .heun
        options.lowersFinalOrder = try configuration.flag("lower_order_final", true)
        options.endsWithEuler = try configuration.flag("euler_at_final", false)
        options.usesLargeVariance = try configuration.choice("variance_type", VarianceType.small) == .large
        options.skipsRungeKutta = try configuration.flag("skip_prk_steps", false)
    }
}

private enum FinalSigma: String, CaseIterable {
    case zero
    case smallest = "sigma_min"
}

private enum SolverType: String, CaseIterable {
    case midpoint, heun
}

private enum VarianceType: String, CaseIterable {
    case small = "fixed_small"
    case large = "fixed_large"
}

extension DDIMScheduler {
    /// Reads diffusers' `scheduler_config.json`: of DDIM itself, or of a sampler on the same forward process.
    ///
    /// - Throws: as ``SamplingScheduler/init(path:pipeline:)``.
    public init(path: String) throws(SchedulerError) { self = try SamplingScheduler(path: path).ddim }
}

/// A value of the configuration file.
private enum ConfigurationValue: Decodable, Equatable, CustomStringConvertible {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case numbers([Double])
    case other

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else {
            self = (try? container.decode([Double].self)).map(Self.numbers) ?? .other
        }
    }

    var description: String {
        switch self {
        case .null: "null"
        case .flag(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): "'\(value)'"
        case .numbers: "a list of numbers"
        case .other: "a list or object"
        }
    }
}

/// Options by name and type; every failure names the option.
private struct ConfigurationReader {
    let path: String
    let values: [String: ConfigurationValue]

    private static let known: Set = [
        "num_train_timesteps", "trained_betas", "beta_start", "beta_end", "beta_schedule", "prediction_type",
        "timestep_spacing", "steps_offset", "set_alpha_to_one", "rescale_betas_zero_snr", "final_sigmas_type",
        "solver_order", "solver_type", "lower_order_final", "euler_at_final", "variance_type", "skip_prk_steps",
    ]
    /// Options without effect as long as clipping, thresholding and flows are off.
    private static let idle: Set = [
        "clip_sample_range", "dynamic_thresholding_ratio", "sample_max_value", "flow_shift", "time_shift_type",
    ]
    /// Options that are accepted with this value only.
    private static let fixed: [String: [ConfigurationValue]] = [
        "thresholding": [.flag(false)], "use_karras_sigmas": [.flag(false), .null],
        "use_exponential_sigmas": [.flag(false), .null], "use_beta_sigmas": [.flag(false), .null],
        "use_lu_lambdas": [.flag(false), .null], "use_flow_sigmas": [.flag(false), .null],
        "use_dynamic_shifting": [.flag(false)], "interpolation_type": [.text("linear")],
        "timestep_type": [.text("discrete")], "sigma_min": [.null], "sigma_max": [.null],
        "algorithm_type": [.text("dpmsolver++")], "lambda_min_clipped": [.null],
    ]

    /// The sampler whose class the file names.
    func method() throws(SchedulerError) -> SamplingMethod {
        guard let name = values["_class_name"] else { return .ddim }
        guard let method = SamplingMethod.allCases.first(where: { name == .text($0.className) }) else {
            let classes = SamplingMethod.allCases.map(\.className).joined(separator: ", ")
            throw error("_class_name", "\(name) is not one of \(classes)")
        }
        return method
    }

    func refuseWhatIsNotDone(by method: SamplingMethod) throws(SchedulerError) {
        let clips = method == .ddim || method == .ddpm
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            if name == "clip_sample" {
                guard !clips || value == .flag(false) else {
                    throw error(name, "\(value) is not supported, only false is")
                }
            } else if let needed = Self.fixed[name] {
                guard needed.contains(value) else {
                    throw error(name, "\(value) is not supported, only \(needed[0]) is")
                }
            } else if !name.hasPrefix("_"), !Self.known.contains(name), !Self.idle.contains(name) {
                throw error(name, "unknown to the samplers here")
            }
        }
        guard !clips || values["clip_sample"] != nil else {
            throw error("clip_sample", "missing, which means true; only false is supported")
        }
    }

    func error(_ option: String, _ reason: String) -> SchedulerError {
        SchedulerError(path: path, option: option, reason: reason)
    }

    func number(_ name: String, _ standard: Double, _ range: ClosedRange<Double>) throws(SchedulerError) -> Double {
        guard let value = values[name] else { return standard }
        guard case .number(let number) = value, range.contains(number) else {
            throw error(name, "\(value) is not a number in \(range)")
        }
        return number
    }

    func integer(_ name: String, _ standard: Int, _ range: ClosedRange<Int>) throws(SchedulerError) -> Int {
        guard let value = values[name] else { return standard }
        guard case .number(let number) = value, let integer = Int(exactly: number), range.contains(integer) else {
            throw error(name, "\(value) is not a whole number in \(range)")
        }
        return integer
    }

    func flag(_ name: String, _ standard: Bool) throws(SchedulerError) -> Bool {
        guard let value = values[name] else { return standard }
        guard case .flag(let flag) = value else { throw error(name, "\(value) is neither true nor false") }
        return flag
    }

    func numbers(_ name: String) throws(SchedulerError) -> [Double]? {
        switch values[name] {
        case nil, .null: return nil
        case .numbers(let numbers): return numbers
        case let value?: throw error(name, "\(value) is not a list of numbers")
        }
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ standard: Choice
    ) throws(SchedulerError) -> Choice where Choice.RawValue == String {
        guard let value = values[name], value != .null else { return standard }
        guard case .text(let text) = value, let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw error(name, "\(value) is not one of \(choices)")
        }
        return choice
    }
}
