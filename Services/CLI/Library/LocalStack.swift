import Foundation
import RunConfiguration
import ServiceRuntime

/// The processes of a run on this machine: started as the fleet plan says, started again when something kills them,
/// ended with the run.
actor LocalStack {
    private let folder: RunFolder
    private let restarts: Int
    private let programs: URL
    private var children: [String: ChildProcess] = [:]
    /// Processes that were told to end.
    private var dismissed: Set<pid_t> = []
    private var killed: [String: Int] = [:]
    private var rewardNames: [String: String] = [:]
    private var isStopping = false
    private let onFailure: @Sendable (String) -> Void
    private let onEvent: @Sendable (String) -> Void

    /// A stack that starts a killed process again up to `restarts` times.
    ///
    /// `onFailure` is told why the run cannot go on, `onEvent` what else there is to know.
    init(
        _ folder: RunFolder, restarts: Int, onFailure: @escaping @Sendable (String) -> Void,
        onEvent: @escaping @Sendable (String) -> Void
    ) {
        self.folder = folder
        self.restarts = restarts
        self.onFailure = onFailure
        self.onEvent = onEvent
        programs = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }

    private var control: String { folder.socket("control") }
    var admin: String { folder.socket("admin") }

    func startCoordinator() throws {
        try start(
            "coordinator", "atelier-coordinator",
            [
                "--config", folder.configuration.path, "--out", folder.url.path, "--control", control, "--admin", admin,
                "--linger", "--temporary-folder", folder.sockets.path,
            ])
    }

    func startLearner() throws {
        try start(
            "learner", "atelier-learner",
            [
                "--config", folder.configuration.path, "--out", folder.url.path, "--address", folder.socket("data"),
                "--coordinator", control,
            ])
    }

    /// Starts what is missing and ends what is too much.
    func follow(samplers: Int, rewards: [String]) throws {
        guard !isStopping else { return }
        for number in 1...max(samplers, 1) where number <= samplers && children["sampler-\(number)"] == nil {
            try startSampler("sampler-\(number)")
        }
        for (name, child) in children where name.hasPrefix("sampler-") {
            if let number = Int(name.dropFirst("sampler-".count)), number > samplers { dismiss(child) }
        }
        for spec in rewards where rewardNames[spec] == nil {
            let name = "reward-\((rewardNames.values.compactMap { Int($0.dropFirst("reward-".count)) }.max() ?? 0) + 1)"
            rewardNames[spec] = name
            try startReward(name, spec)
        }
        for (spec, name) in rewardNames where !rewards.contains(spec) {
            rewardNames[spec] = nil
            if let child = children[name] { dismiss(child) }
        }
    }

    private func startSampler(_ name: String) throws {
        try start(
            name, "atelier-sampler",
            ["--config", folder.configuration.path, "--name", name, "--coordinator", control])
    }

    private func startReward(_ name: String, _ spec: String) throws {
        try start(
            name, "atelier-reward",
            ["--name", name, "--spec", spec, "--address", folder.socket(name), "--coordinator", control])
    }

    private func start(_ name: String, _ program: String, _ arguments: [String]) throws {
        let log = folder.log(name)
        let child = try ChildProcess(
            name: name, program: programs.appending(path: program).path,
            arguments: arguments + ["--keys", folder.keys.url.path, "--with-parent"], output: log, log: log)
        children[name] = child
        Task {
            let ending = await child.wait()
            ended(child, ending)
        }
    }

    private func dismiss(_ child: ChildProcess) {
        guard dismissed.insert(child.processID).inserted else { return }
        onEvent("\(child.name) is ended")
        Task { await child.stop(within: .seconds(10)) }
    }

    /// A process has ended: expected, killed, or by its own decision.
    private func ended(_ child: ChildProcess, _ ending: ChildProcess.Ending) {
        if children[child.name] === child { children[child.name] = nil }
        guard !isStopping, !dismissed.contains(child.processID), ending != .exited(0) else { return }
        switch ending {
        case .exited:
            onFailure("\(child.name): \(lastError(child.name) ?? "\(ending), see \(folder.log(child.name))")")
        case .killed:
            killed[child.name, default: 0] += 1
            let count = killed[child.name] ?? 0
            guard count <= restarts, child.name != "coordinator" else {
                onFailure("\(child.name) was ended by \(ending), \(count) times; see \(folder.log(child.name))")
                return
            }
            onEvent("\(child.name) was ended by \(ending) and is started again")
            do {
                try startAgain(child.name)
            } catch {
                onFailure(ServiceProcess.oneLine(error))
            }
        }
    }

    private func startAgain(_ name: String) throws {
        if name == "learner" {
            try startLearner()
        } else if name.hasPrefix("sampler-") {
            try startSampler(name)
        } else if let spec = rewardNames.first(where: { $0.value == name })?.key {
            try startReward(name, spec)
        }
    }

    /// The line with which a process has said why it ended.
    private func lastError(_ name: String) -> String? {
        guard let text = try? String(contentsOfFile: folder.log(name), encoding: .utf8),
            let line = text.split(separator: "\n").last(where: { $0.contains(": error: ") }),
            let mark = line.range(of: ": error: ")
        else { return nil }
        return String(line[mark.upperBound...])
    }

    /// Ends every process, the coordinator last, and waits until they are gone.
    func stop() async {
        isStopping = true
        await withTaskGroup(of: Void.self) { group in
            for (name, child) in children where name != "coordinator" {
                group.addTask { await child.stop(within: .seconds(10)) }
            }
        }
        await children["coordinator"]?.stop(within: .seconds(10))
    }
}
