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

extension DDIMScheduler {
    /// Reads diffusers' `scheduler_config.json`: of DDIM itself, or of a scheduler trained on the same forward process.
    ///
    /// Missing options have the defaults of diffusers' `DDIMScheduler`; in particular a missing `clip_sample` means true.
    ///
    /// - Throws: `SchedulerError` that names the first option, in alphabetical order, which is unknown or asks for what this
    ///   scheduler does not do.
    public init(path: String) throws(SchedulerError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SchedulerError(path: path, option: nil, reason: "it cannot be read")
        }
        guard let values = try? JSONDecoder().decode([String: ConfigurationValue].self, from: data) else {
            throw SchedulerError(path: path, option: nil, reason: "it is not a JSON object of options")
        }
        try self.init(configuration: ConfigurationReader(path: path, values: values))
    }

    private init(configuration: ConfigurationReader) throws(SchedulerError) {
        try configuration.refuseWhatIsNotDone()
        let count = try configuration.integer("num_train_timesteps", 1000, 1...100_000)
        let schedule: NoiseSchedule
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
        self.init(
            schedule: schedule,
            prediction: try configuration.choice("prediction_type", .epsilon),
            spacing: try configuration.choice("timestep_spacing", .leading),
            stepsOffset: try configuration.integer("steps_offset", 0, 0...count - 1),
            setAlphaToOne: try configuration.flag("set_alpha_to_one", true))
    }
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
        "timestep_spacing", "steps_offset", "set_alpha_to_one",
    ]
    /// Options without effect as long as clipping and thresholding are off, or that only another scheduler's steps read.
    private static let idle: Set = [
        "clip_sample_range", "dynamic_thresholding_ratio", "sample_max_value", "skip_prk_steps", "variance_type",
    ]
    /// Options that are accepted with this value only.
    private static let fixed: [String: ConfigurationValue] = [
        "clip_sample": .flag(false), "thresholding": .flag(false), "rescale_betas_zero_snr": .flag(false),
    ]
    /// Schedulers that share DDIM's forward process and options.
    private static let classes = ["DDIMScheduler", "PNDMScheduler", "DDPMScheduler"]

    func refuseWhatIsNotDone() throws(SchedulerError) {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            if name == "_class_name" {
                guard Self.classes.contains(where: { value == .text($0) }) else {
                    throw error(name, "\(value) is not one of \(Self.classes.joined(separator: ", "))")
                }
            } else if let needed = Self.fixed[name] {
                guard value == needed else { throw error(name, "\(value) is not supported, only \(needed) is") }
            } else if !name.hasPrefix("_"), !Self.known.contains(name), !Self.idle.contains(name) {
                throw error(name, "unknown to the DDIM scheduler")
            }
        }
        guard values["clip_sample"] != nil else {
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
        guard let value = values[name] else { return standard }
        guard case .text(let text) = value, let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw error(name, "\(value) is not one of \(choices)")
        }
        return choice
    }
}
