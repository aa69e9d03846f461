import Diffusion
import Foundation
import RunConfiguration
import ServiceRuntime
import Testing

/// What is said of memory before work starts, against what it takes, and refusals of what does not fit.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct MemoryTests {
    private struct Measured: Decodable {
        let estimatedBytes: Int
        let peakRSSBytes: Int
    }

    /// The embedded model on latents so large that its activations count, not the program.
    @Test(arguments: [
        ["unet", "--height", "96", "--width", "128", "--batch", "2"],
        ["train-step", "--height", "48", "--width", "64", "--batch", "4"],
        ["train-step", "--height", "64", "--width", "64", "--batch", "4", "--recompute"],
        ["train-step", "--height", "48", "--width", "64", "--batch", "4", "--full"],
        ["train-step", "--height", "48", "--width", "64", "--batch", "4", "--full", "--recompute"],
        ["vae-decode", "--height", "64", "--width", "96"],
    ])
    func theEstimateIsCloseToThePeak(_ arguments: [String]) async throws {
        let place = try Workplace()
        let ended = try await place.run(
            "atelier", ["bench"] + arguments + ["--model", "menagerie", "--repeats", "1", "--json"])
        let measured = try JSONDecoder().decode(Measured.self, from: Data(ended.output.utf8))
        let ratio = Double(measured.estimatedBytes) / Double(measured.peakRSSBytes)
        #expect((0.8...1.25).contains(ratio), "\(measured)")
    }

    @Test func workThatDoesNotFitIsRefusedBeforeItStarts() async throws {
        let place = try Workplace()
        let arguments = ["--model", "menagerie", "--prompt", "a cat", "--out", place.path("cat.png")]
        let ended = try await place.run("atelier", ["sample"] + arguments + ["--memory-limit", "0.06"])
        #expect(ended.ending == .exited(3))
        #expect(ended.error.contains("GB of memory, --memory-limit has 0.1 GB"))
        #expect(!place.exists("cat.png"))
        let configuration = try place.configure()
        for more in [["--check"], ["--out", place.path("out")]] {
            let ended = try await place.run(
                "atelier", ["run", configuration, "--set", "fleet.memoryLimit=0.06"] + more)
            #expect(ended.ending == .exited(3))
            #expect(ended.error.contains("fleet.memoryLimit has 0.1 GB; "), "\(ended.error)")
        }
        #expect(!place.exists("out"))
    }

    @Test func aCheckSaysWhatARunNeedsAndStartsNothing() async throws {
        let place = try Workplace()
        let ended = try await place.run("atelier", ["run", try place.configure(), "--check", "--json"])
        #expect(ended.ending == .exited(0))
        let report = try #require(try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any])
        let check = try #require(report["memory"] as? [String: Any])
        let (learner, sampler) = (check["learnerBytes"] as? Int ?? 0, check["samplerBytes"] as? Int ?? 0)
        #expect(learner > 60_000_000 && sampler > 60_000_000)
        let together = learner + sampler * (check["samplers"] as? Int ?? 0)
        let reward = (check["rewardBytes"] as? [String: Int])?["main"] ?? 0
        #expect(reward > 60_000_000)
        #expect((learner + reward...together + reward).contains(check["totalBytes"] as? Int ?? 0))
        #expect(check["recomputesActivations"] as? Bool == false)
    }

    @Test func aCheckNamesTheRewardsThatItCannotCount() async throws {
        let place = try Workplace()
        let arguments = ["run", try place.configure(), "--set", "rewards.0.spec=clip-score?model=/nowhere", "--check"]
        let text = try await place.run("atelier", arguments)
        #expect(text.ending == .exited(0), "\(text.error)")
        #expect(text.output.contains("; not counted, because their files are not here or cannot be read: main\n"))
        let check = try await place.run("atelier", arguments + ["--json"]).json["memory"] as? [String: Any]
        #expect(check?["uncountedRewards"] as? [String] == ["main"])
        #expect((check?["rewardBytes"] as? [String: Int])?.isEmpty == true)
    }

    @Test func recomputationIsChosenByWhatTheMachineHas() throws {
        let folder = try ModelLocation.folder("menagerie")
        var configuration = RunConfiguration()
        configuration.sampling.guidance = 5
        let outline = try ModelOutline(folder: folder)
        let plenty = RunMemory(configuration, outline, machine: 1 << 40)
        let little = RunMemory(configuration, outline, machine: 1 << 28)
        #expect(!plenty.recomputes && little.recomputes)
        #expect(little.learner < plenty.learner && little.sampler == plenty.sampler)
        configuration.training.recompute = .off
        #expect(RunMemory(configuration, outline, machine: 1 << 28) == plenty)
    }

    /// A file system with the files that say how much memory there is.
    private func machine(_ files: [String: String]) throws -> MachineMemory? {
        let root = FileManager.default.temporaryDirectory.appending(path: "memory-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return MachineMemory(root: root)
    }

    @Test func theTightestControlGroupBoundsWhatMayBeTaken() throws {
        let whole = ["proc/meminfo": "MemTotal:  2000 kB\nMemFree: 10 kB\nMemAvailable:  1000 kB\n"]
        #expect(try machine([:]) == nil)
        let free = try #require(try machine(whole))
        #expect(free.available == 1_024_000 && free.total == 2_048_000 && free.bound == "this machine")
        let second = try #require(
            try machine(
                whole.merging([
                    "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "max\n",
                    "sys/fs/cgroup/a/b/memory.current": "700\n", "sys/fs/cgroup/a/memory.max": "1000\n",
                    "sys/fs/cgroup/a/memory.current": "800\n",
                    "sys/fs/cgroup/a/memory.stat": "anon 500\ninactive_file 200\nactive_file 100\n",
                ]) { $1 }))
        #expect(second.available == 500 && second.total == 1000 && second.bound == "the control group /sys/fs/cgroup/a")
        let first = try #require(
            try machine(
                whole.merging([
                    "proc/self/cgroup": "5:cpu,cpuacct:/\n3:memory:/gone\n",
                    "sys/fs/cgroup/memory/memory.limit_in_bytes": "900\n",
                    "sys/fs/cgroup/memory/memory.usage_in_bytes": "400\n",
                ]) { $1 }))
        #expect(first.available == 500 && first.total == 900)
    }
}
