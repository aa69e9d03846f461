import ArgumentParser
import Diffusion
import Foundation
import ServiceRuntime

/// Compares what work will need with what there is, before anything is loaded.
struct MemoryCheck {
    /// Bytes that the work may take, and what sets that bound; `nil` where nothing is known.
    let bound: (bytes: Int, subject: String)?

    /// - Parameter limit: what the user allows, in 10⁹ bytes; what is free if not given.
    init(limit: Double?) {
        if let limit {
            bound = (Int(limit * 1e9), "--memory-limit")
        } else {
            bound = MachineMemory().map { ($0.available, $0.bound) }
        }
    }

    /// Refuses work that needs more than there is.
    ///
    /// - Parameters:
    ///   - bytes: what is needed.
    ///   - work: the work as a sentence's subject.
    ///   - advice: what would need less.
    /// - Throws: `ServiceError` with both figures.
    func require(_ bytes: Int, for work: String, advice: String) throws {
        guard let bound, bytes > bound.bytes else { return }
        throw ServiceError(
            "\(work) needs about \(MachineMemory.gigabytes(bytes)) of memory, \(bound.subject) has "
                + "\(MachineMemory.gigabytes(bound.bytes)); \(advice), or allow more by --memory-limit",
            exitCode: .refused)
    }
}

/// How much memory a command may take.
struct MemoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Memory that may be taken, in GB; what is free if not given. More is refused before anything is loaded.",
            valueName: "gb"))
    var memoryLimit: Double?

    func validate() throws {
        if let memoryLimit {
            guard memoryLimit > 0, memoryLimit < 1e6 else {
                throw ValidationError("--memory-limit \(memoryLimit): a positive number of GB is needed")
            }
        }
    }

    var check: MemoryCheck { MemoryCheck(limit: memoryLimit) }
}
