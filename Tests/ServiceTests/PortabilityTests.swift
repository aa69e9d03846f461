import Foundation
import TensorCore
import Testing

/// The same program on lesser processors, as oneDNN and OpenBLAS play them: slower, the same answers.
@Suite(.timeLimit(.minutes(3)))
struct PortabilityTests {
    private static let instructionSets = [
        (oneDNN: "SSE41", openBLAS: "Nehalem"), (oneDNN: "AVX2", openBLAS: "Haswell"),
        (oneDNN: "AVX512_CORE", openBLAS: "SkylakeX"),
    ]

    /// Runs `atelier forward` with the libraries held to an instruction set.
    private func forward(
        _ place: Workplace, _ component: String, _ input: String, on set: (oneDNN: String, openBLAS: String),
        _ more: String...
    ) async throws -> Workplace.Ended {
        let program = Workplace.programs.appending(path: "atelier").path
        return try await place.run(
            "/usr/bin/env",
            [
                "ONEDNN_MAX_CPU_ISA=\(set.oneDNN)", "OPENBLAS_CORETYPE=\(set.openBLAS)", program, "forward", component,
                "--model", "menagerie", "--inputs", place.path(input), "--outputs", place.path(set.oneDNN),
            ] + more)
    }

    private func gaussian(_ shape: [Int], _ stream: Int) -> Tensor {
        Noise(seed: 5, step: stream, purpose: .experiment).gaussian(shape: shape)
    }

    @Test func everyInstructionSetGivesTheSameAnswers() async throws {
        let place = try Workplace()
        try SafeTensorsWriter().write(
            [
                "sample": gaussian([2, 4, 16, 16], 0), "timestep": Tensor([17, 801], shape: [2]),
                "encoder_hidden_states": gaussian([2, 16, 128], 1),
            ], to: place.path("unet"))
        try SafeTensorsWriter().write(["latents": gaussian([1, 4, 16, 16], 2)], to: place.path("vae-decode"))
        for (component, key) in [("unet", "sample"), ("vae-decode", "pixels")] {
            var answers: [Tensor] = []
            for set in Self.instructionSets {
                let ended = try await forward(place, component, component, on: set)
                #expect(ended.ending == .exited(0), "\(ended.error)")
                answers.append(try SafeTensorsFile(path: place.path(set.oneDNN)).tensor(named: key))
            }
            let largest = answers[0].scalars.reduce(0) { max($0, abs($1)) }
            for answer in answers.dropFirst() {
                let difference = zip(answer.scalars, answers[0].scalars).reduce(0) { max($0, abs($1.0 - $1.1)) }
                #expect(difference < 1e-4 * largest, "\(component)")
            }
        }
    }

    @Test func bf16WithoutItsInstructionsIsRefusedByName() async throws {
        let place = try Workplace()
        try SafeTensorsWriter().write(["latents": gaussian([1, 4, 16, 16], 2)], to: place.path("latents"))
        let ended = try await forward(
            place, "vae-decode", "latents", on: Self.instructionSets[1], "--dtype", "bf16")
        #expect(ended.ending != .exited(0))
        #expect(ended.error.contains("bf16") && ended.error.contains("use f32"), "\(ended.error)")
    }
}
