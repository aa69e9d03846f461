// swift-tools-version: 6.2
import PackageDescription

// The layers of the system, from the ground up: a target may depend only on targets above it in this file.

let swift: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

/// Calls: their state is touched by one thread, and looking for overlapping access to it is an eighth of the
/// instructions of a small call; debug builds and the fuzzer still look.
let calls =
    Context.environment["ATELIER_FUZZING"] == nil
    ? swift + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))] : swift

/// Element-wise kernels: vectorised libm calls, reassociation allowed, dispatch at run time by `target_clones`.
let kernels: [CSetting] = [.unsafeFlags(["-O3", "-ffast-math", "-fveclib=libmvec", "-mprefer-vector-width=512"])]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], path: String, exclude: [String] = [],
    settings: [SwiftSetting] = swift
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, exclude: exclude, swiftSettings: settings)
}

func executable(_ name: String, _ dependencies: [Target.Dependency], path: String) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: swift)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: swift)
}

let c: [Target] = [
    .systemLibrary(name: "CZeroMQ", path: "Shared/C/CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(
        name: "CProtobufC", path: "Shared/C/CProtobufC", pkgConfig: "libprotobuf-c",
        providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CZlib", path: "Shared/C/CZlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CChecksum", path: "Shared/C/CChecksum"),
    .target(name: "CAccept", path: "Shared/C/CAccept"),
    .systemLibrary(
        name: "COpenBLAS", path: "Shared/C/COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COneDNN", path: "Shared/C/COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CPNG", path: "Shared/C/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
        name: "CJPEG", path: "Shared/C/CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .target(
        name: "CKernels", dependencies: ["COpenBLAS"], path: "Shared/C/CKernels", cSettings: kernels,
        linkerSettings: [
            .linkedLibrary("m"), .linkedLibrary("mvec"), .linkedLibrary("gomp"), .linkedLibrary("openblas"),
        ]),
    .target(name: "CWire", dependencies: ["CProtobufC"], path: "Shared/C/CWire"),
    .target(name: "CAtlas", path: "Shared/C/CAtlas", exclude: ["atlas.png", "make_atlas.py", "OFL.txt"]),
]

let ground: [Target] = [
    library("TensorCore", ["CKernels", "COneDNN"], path: "Shared/TensorCore"),
    library(
        "Messaging", ["CZeroMQ", "CAccept", "CProtobufC", "CZlib", "CChecksum", deque], path: "Shared/Messaging",
        settings: calls),
    library("Ledger", path: "Shared/Ledger"),
]

let gradientsAndCalls: [Target] = [
    library("Autograd", ["TensorCore", "CKernels"], path: "Shared/Autograd"),
    library("Imaging", ["CPNG", "CJPEG"], path: "Shared/Imaging"),
    library("RPC", ["Messaging", "CWire", "CProtobufC", deque], path: "Shared/RPC", settings: calls),
]

let nets: [Target] = [
    library("NeuralNet", ["Autograd", "TensorCore"], path: "Shared/NeuralNet"),
    library("Wire", ["RPC", "Messaging", "CWire", "CProtobufC"], path: "Shared/Wire"),
]

let callServices: [Target] = [
    library("RPCServices", ["Wire", "RPC"], path: "Shared/RPCServices")
]

let parts: [Target] = [
    library("Encoders", ["NeuralNet", "Autograd", "TensorCore"], path: "Shared/Encoders"),
    library("RL", ["NeuralNet", "Autograd", "TensorCore"], path: "Shared/RL", exclude: ["README.md"]),
]

let models: [Target] = [
    library("Diffusion", ["Encoders", "NeuralNet", "Autograd", "TensorCore", "Imaging"], path: "Shared/Diffusion"),
    library("Menagerie", ["Imaging", "CAtlas"], path: "Shared/Menagerie", exclude: ["Base", "Rewards"]),
    library(
        "Rewards", ["Menagerie", "Encoders", "NeuralNet", "Autograd", "TensorCore", "Imaging", crypto, yams],
        path: "Shared/Rewards"),
]

let policy: [Target] = [
    library(
        "DiffusionPolicy", ["Diffusion", "RL", "Encoders", "NeuralNet", "Autograd", "TensorCore", "Imaging"],
        path: "Shared/DiffusionPolicy")
]

let assembly: [Target] = [
    library(
        "RunConfiguration", ["Diffusion", "RL", "NeuralNet", "Rewards", "TensorCore", yams],
        path: "Shared/RunConfiguration"),
    library(
        "ServiceAPI", ["Wire", "RPC", "Messaging", "RL", "Ledger", "TensorCore", "Imaging", crypto],
        path: "Shared/ServiceAPI"),
    library(
        "ServiceRuntime",
        [
            "RunConfiguration", "ServiceAPI", "RPCServices", "Wire", "RPC", "Messaging", "Ledger", logging,
            argumentParser,
        ],
        path: "Shared/ServiceRuntime"),
]

let serviceParts: [Target.Dependency] = [
    "RunConfiguration", "ServiceAPI", "ServiceRuntime", "RPCServices", "Wire", "RPC", logging,
]

let services: [Target] = [
    library(
        "SamplerService",
        serviceParts + ["Ledger", "DiffusionPolicy", "Diffusion", "NeuralNet", "TensorCore", "Imaging"],
        path: "Services/Sampler/Library"),
    library("RewardService", serviceParts + ["Rewards", "TensorCore", "Imaging"], path: "Services/Reward/Library"),
    library(
        "LearnerService",
        serviceParts + [
            "DiffusionPolicy", "Diffusion", "RL", "NeuralNet", "Autograd", "TensorCore", "Imaging", "Ledger",
        ],
        path: "Services/Learner/Library"),
    library("CoordinatorService", serviceParts + ["Ledger", "Messaging", grdb], path: "Services/Coordinator/Library"),
    library(
        "Pretraining",
        ["Diffusion", "Encoders", "NeuralNet", "Autograd", "TensorCore", "Imaging", "Menagerie"],
        path: "Services/CLI/Pretraining"),
    library(
        "CommandLineTool",
        serviceParts + [
            "SamplerService", "RewardService", "LearnerService", "CoordinatorService", "Pretraining", "DiffusionPolicy",
            "Diffusion", "Encoders", "NeuralNet", "Autograd", "TensorCore", "Imaging", "Menagerie", "Rewards", "Ledger",
            "Messaging", "RL", yams, argumentParser,
        ], path: "Services/CLI/Library"),
    executable(
        "atelier-sampler", ["SamplerService", "ServiceRuntime", "TensorCore", argumentParser],
        path: "Services/Sampler/Executable"),
    executable(
        "atelier-reward", ["RewardService", "ServiceRuntime", argumentParser], path: "Services/Reward/Executable"),
    executable(
        "atelier-learner", ["LearnerService", "ServiceRuntime", "TensorCore", argumentParser],
        path: "Services/Learner/Executable"),
    executable(
        "atelier-coordinator", ["CoordinatorService", "ServiceRuntime", argumentParser],
        path: "Services/Coordinator/Executable"),
    executable("atelier", ["CommandLineTool", "TensorCore"], path: "Services/CLI/Executable"),
]

let tools: [Target] = [
    executable("WireGenerator", ["CWire", "CProtobufC"], path: "Shared/WireGenerator")
]

let testTargets: [Target] = [
    .target(name: "SkewedClock", path: "Tests/SkewedClock"),
    tests("TensorCoreTests", ["TensorCore"]),
    tests("AutogradTests", ["Autograd", "TensorCore"]),
    tests(
        "MessagingTests", ["Messaging", "RPC", "RPCServices", "Wire", "CWire", "WireGenerator"], exclude: ["Fixtures"]),
    tests("LedgerTests", ["Ledger"]),
    tests("MenagerieTests", ["Menagerie", "Imaging", "Rewards"]),
    tests("RewardsTests", ["Rewards", "Encoders", "NeuralNet", "Autograd", "TensorCore", "Imaging"]),
    tests(
        "PretrainingTests",
        ["Pretraining", "Rewards", "Menagerie", "Encoders", "NeuralNet", "Autograd", "TensorCore", "Imaging"]),
    tests("DiffusionTests", ["Diffusion", "Encoders", "NeuralNet", "Autograd", "TensorCore"]),
    tests("RLTests", ["RL", "DiffusionPolicy", "Diffusion", "NeuralNet", "Autograd", "TensorCore"]),
    tests(
        "ServiceTests",
        serviceParts + [
            "Ledger", "CoordinatorService", "LearnerService", "RewardService", "CommandLineTool", "RL", "Rewards",
            "Diffusion", "Encoders", "NeuralNet", "Menagerie", "TensorCore", "Imaging", "Messaging", yams,
        ], exclude: ["Network/broken_link.py"]),
]

/// Built by `deploy/task fuzz` only, with everything below it instrumented: libFuzzer brings its own `main`.
let fuzzing: [Target] =
    Context.environment["ATELIER_FUZZING"] == nil
    ? []
    : [
        .executableTarget(
            name: "atelier-fuzz", dependencies: ["RPC", "Wire", "Messaging"], path: "Tests/Fuzzing",
            swiftSettings: swift + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
    ]

let package = Package(
    name: "atelier",
    products: [
        .executable(name: "atelier", targets: ["atelier"]),
        // Preloaded by tests into the programs that they start.
        .library(name: "SkewedClock", type: .dynamic, targets: ["SkewedClock"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", "4.5.2"..<"5.0.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: c + ground + gradientsAndCalls + nets + callServices + parts + models + policy + assembly + services
        + tools + testTargets + fuzzing
)
