import Foundation
import RunConfiguration
import ServiceRuntime
import Yams

/// One claim as a comparison: arms that differ in what the claim is about, each run with the same seeds.
struct StudyPlan: Codable, Sendable {
    /// One way of doing it.
    struct Arm: Codable, Sendable {
        let name: String
        /// The configuration, relative to the plan.
        let config: String
        /// Overrides, as for `atelier run --set`.
        var set: [String]?
    }

    /// What is claimed, in a sentence.
    let claim: String
    let seeds: [UInt64]
    /// Overrides of every arm; an arm's own come after them.
    var set: [String]?
    let arms: [Arm]

    /// Reads a plan, and checks that each of its runs can be configured.
    ///
    /// - Throws: `ServiceError` that names the file and what is wrong.
    static func read(_ path: String) throws -> StudyPlan {
        let text = try ConfigurationFile.text(path, called: "study")
        let plan: StudyPlan
        do {
            plan = try YAMLDecoder().decode(StudyPlan.self, from: text)
        } catch let error as DecodingError {
            throw ServiceError("\(path): \(ConfigurationError(error))", exitCode: .usage)
        } catch {
            throw ServiceError("\(path): \(ServiceProcess.oneLine(error))", exitCode: .usage)
        }
        // What is there must make sense before more is asked for.
        for arm in plan.arms { try plan.check(arm, beside: path) }
        guard plan.arms.count > 1, !plan.seeds.isEmpty else {
            throw ServiceError("\(path): a study compares two arms or more, with a seed or more", exitCode: .usage)
        }
        guard Set(plan.arms.map(\.name)).count == plan.arms.count else {
            throw ServiceError("\(path): two arms have one name", exitCode: .usage)
        }
        return plan
    }

    /// Refuses an arm whose configuration cannot be read.
    private func check(_ arm: Arm, beside plan: String) throws {
        do {
            _ = try configuration(of: arm, seed: 1, beside: plan)
        } catch let error as ServiceError {
            throw ServiceError("\(plan): arm '\(arm.name)': \(error)", exitCode: error.exitCode)
        }
    }

    /// What is laid over the configuration of an arm.
    func overrides(of arm: Arm, seed: UInt64) -> [String] {
        (set ?? []) + (arm.set ?? []) + ["seed=\(seed)", "run=\(arm.name)-\(seed)"]
    }

    /// The configuration of one run, for a plan at `plan`.
    func configuration(of arm: Arm, seed: UInt64, beside plan: String) throws -> RunConfiguration {
        try ConfigurationFile.read(arm.path(beside: plan), overrides: overrides(of: arm, seed: seed))
    }
}

extension StudyPlan.Arm {
    /// The configuration's path, for a plan at `plan`.
    func path(beside plan: String) -> String {
        URL(fileURLWithPath: plan).deletingLastPathComponent().appending(path: config).path
    }
}
