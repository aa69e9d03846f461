import Foundation

/// Settings that the numeric libraries read while they are loaded, which is before `main`.
public enum ProcessorTuning {
    /// Starts this program again, in this process, if a library was loaded with a setting that wastes the processor.
    ///
    /// OpenBLAS 0.3.21 does not know processors younger than itself and falls back to AVX2 kernels, at half the speed;
    /// OpenMP's threads spin while they wait, which starves the other processes of a run. Both are decided by the
    /// environment when the library is loaded, so the variables are set and the program is executed anew, once. What the
    /// user has set stays. Arguments, standard streams and the process identifier stay too.
    ///
    /// - Important: call it first in `main`, while nothing else runs.
    public static func apply() {
        guard getenv(guardVariable) == nil else {
            // Our children start clean: they may be another program, or run with other variables.
            unsetenv(guardVariable)
            return
        }
        let missing = variables().filter { getenv($0.key) == nil }
        guard !missing.isEmpty else { return }
        for (key, value) in missing { setenv(key, value, 0) }
        setenv(guardVariable, "1", 1)

        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        // Not /proc/self/exe itself: the process would be listed as "exe".
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
        execv(program, &arguments)
        // Only reached where the system refuses; then the program runs as it is, slower.
        unsetenv(guardVariable)
        for argument in arguments { free(argument) }
    }

    /// The variables that suit this processor, whether or not they are set.
    public static func variables() -> [String: String] {
        var variables = ["OMP_WAIT_POLICY": "passive"]
        if hasAVX512 { variables["OPENBLAS_CORETYPE"] = "SKYLAKEX" }
        return variables
    }

    private static let guardVariable = "ATELIER_TUNED"

    /// Whether the processor has all of AVX-512 that OpenBLAS's SKYLAKEX kernels use.
    private static var hasAVX512: Bool {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
        else { return false }
        return Set(["avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"])
            .isSubset(of: line.split(separator: " ").map(String.init))
    }
}

extension ComputeThreads {
    /// How many threads to use where nobody says: as many as the process may run at once.
    ///
    /// OpenMP's own answer (`OMP_NUM_THREADS`, else the processors of the affinity mask), less where a control group
    /// grants fewer processors: a container's quota does not show in the affinity mask.
    public static var standard: Int {
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/cpu.max", encoding: .utf8) else { return current }
        let words = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard words.count == 2, words[1] > 0 else { return current }
        return max(1, min(current, Int((words[0] / words[1]).rounded(.up))))
    }
}
