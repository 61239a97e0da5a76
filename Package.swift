// swift-tools-version: 6.2
import PackageDescription

// Tessera's modules and the edges between them. ArchitectureTests hold this file against the table in
// Sources/tessera/Tessera.docc/Architecture.md, so an edge that the design doesn't know fails CI.

/// `TESSERA_STRICT=1` turns warnings into errors; CI sets it, a user's build from source doesn't.
let strict = Context.environment["TESSERA_STRICT"] == "1"
let swiftSettings: [SwiftSetting] =
  [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]
  + (strict ? [.treatAllWarnings(as: .error)] : [])

/// C code is optimised in debug builds too: tests run whole networks.
let cSettings: [CSetting] =
  [.unsafeFlags(["-O3", "-fno-math-errno", "-ffp-contract=off"])]
  + (strict ? [.treatAllWarnings(as: .error)] : [])

/// A Swift module under `Sources`, with the modules that it imports.
func module(_ name: String, _ dependencies: [Target.Dependency] = [], optimised: Bool = false) -> Target {
  // Numeric loops are unusable without optimisation; those modules are optimised in debug builds too.
  .target(
    name: name, dependencies: dependencies,
    swiftSettings: swiftSettings + (optimised ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []))
}

/// A module map over a system library that pkg-config knows.
func system(_ name: String, _ pkgConfig: String, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// Tests under `Tests`, with the modules that they import. Those that compare with plain loops of their own are optimised too.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], optimised: Bool = false
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["Testkit"], resources: resources,
    swiftSettings: swiftSettings + (optimised ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []))
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")

/// `TESSERA_FUZZ=1` adds the fuzzer, which needs libFuzzer's runtime; Compose/fuzz sets it.
let fuzzer: [Target] =
  Context.environment["TESSERA_FUZZ"] != "1"
  ? []
  : [
    .systemLibrary(name: "CLibFuzzer", path: "Tests/CLibFuzzer"),
    .executableTarget(
      name: "Fuzzer", dependencies: ["FuzzTargets", "CLibFuzzer"], path: "Tests/Fuzzer", swiftSettings: swiftSettings),
  ]

let package = Package(
  name: "tessera",
  products: [.executable(name: "tessera", targets: ["tessera"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
  ],
  targets: [
    // Libraries of the system, each with exactly one Swift importer.
    system("COpenBLAS", "openblas", apt: "libopenblas-dev"),
    system("CRabbitMQ", "librabbitmq", apt: "librabbitmq-dev"),
    system("CPostgres", "libpq", apt: "libpq-dev"),
    system("CZip", "libzip", apt: "libzip-dev"),
    system("CZlib", "zlib", apt: "zlib1g-dev"),
    system("CPNG", "libpng", apt: "libpng-dev"),
    system("CCrypto", "libcrypto", apt: "libssl-dev"),
    .target(name: "CNifti", linkerSettings: [.linkedLibrary("nifti2"), .linkedLibrary("znz"), .linkedLibrary("z")]),
    .target(name: "CLinux"),
    .target(name: "CProcesses"),
    .target(
      name: "CKernels", exclude: ["peak/README.md", "products/README.md", "winograd/README.md"], cSettings: cSettings),

    // Small foundations.
    module("Digests", ["CCrypto"]),
    module("Wording"),
    module("ScratchFiles"),
    module("Pickles", ["Wording"], optimised: true),
    module("Deflate", ["CZlib"]),
    module("ZipFiles", ["CZip", "Deflate", "Wording"]),
    module("PythonJSON"),
    module("NumpyFiles", ["ZipFiles", "Wording"], optimised: true),
    module("RandomStreams", optimised: true),
    module("Volumes"),
    module("Pictures", ["Volumes", "CPNG"], optimised: true),
    .target(
      name: "SliceViewer",
      resources: [.embedInCode("viewer.js"), .embedInCode("viewer.css"), .embedInCode("theme.css")],
      swiftSettings: swiftSettings),
    .target(
      name: "Reports", dependencies: ["Pictures", "SliceViewer", "Digests"],
      resources: [.embedInCode("report.js"), .embedInCode("report.css")],
      swiftSettings: swiftSettings + [.unsafeFlags(["-O"], .when(configuration: .debug))]),

    // The numeric side: synchronous, throws, never logs.
    module("Kernels", ["CKernels", "COpenBLAS"], optimised: true),
    module("ModelPlans", ["Pickles", "Wording"]),
    module("ModelStore", ["ModelPlans", "Pickles", "ZipFiles", "Digests", "Wording"], optimised: true),
    module("NiftiIO", ["Volumes", "Deflate", "CNifti"], optimised: true),
    module("Preprocessing", ["Volumes", "Kernels", "ModelPlans", "Pickles"], optimised: true),
    module("SlidingWindow", ["Volumes", "Kernels"], optimised: true),
    module("LabelShapes", ["Volumes", "Kernels"], optimised: true),
    module("LabelMeasures", ["LabelShapes", "Volumes", "Kernels"], optimised: true),
    module("Postprocessing", ["LabelShapes", "Volumes", "PythonJSON", "Wording"]),
    module("Evaluation", ["LabelShapes", "Volumes", "Kernels"], optimised: true),
    module("LabelFolders", ["Postprocessing", "Evaluation", "NiftiIO", "Volumes", "Kernels", "PythonJSON", "Digests"]),
    module(
      "ModelSelection",
      [
        "LabelFolders", "Postprocessing", "Evaluation", "Inference", "ModelStore", "Pickles", "NiftiIO", "Volumes",
        "Kernels", "PythonJSON",
      ]),
    module("Planning", ["Pickles"]),
    module("UNet", ["Kernels", "ModelPlans"], optimised: true),
    module("Gradients", ["UNet", "Kernels", "ModelPlans", "RandomStreams"], optimised: true),
    module("WeightsCache", ["UNet", "Kernels", "Digests"], optimised: true),
    module(
      "Inference",
      [
        "Preprocessing", "SlidingWindow", "LabelMeasures", "Postprocessing", "UNet", "ModelStore", "ModelPlans",
        "Volumes", "Kernels",
        "Pickles", "ZipFiles", "NumpyFiles", "ScratchFiles", "Wording",
      ],
      optimised: true),
    module(
      "TrainingData",
      [
        "Planning", "Preprocessing", "ModelPlans", "NiftiIO", "Volumes", "Kernels", "Pickles", "NumpyFiles",
        "PythonJSON",
      ],
      optimised: true),
    module(
      "Augmentation",
      ["Preprocessing", "Volumes", "Kernels", "Pickles", "NumpyFiles", "Threads", "RandomStreams"], optimised: true),
    module(
      "Training",
      [
        "Gradients", "Augmentation", "TrainingData", "ModelStore", "ModelPlans", "Inference", "ModelSelection",
        "LabelFolders", "Preprocessing",
        "SlidingWindow", "UNet", "Pictures", "NiftiIO", "NumpyFiles", "Volumes", "Kernels", "Pickles", "PythonJSON",
        "RandomStreams",
      ],
      optimised: true),

    // The fleet side: knows no voxel, except Fleet, where both meet.
    .target(
      name: "FleetContracts", dependencies: ["Digests", "Wording"], exclude: ["Schemas"], swiftSettings: swiftSettings),
    module("Threads", ["CLinux"]),
    module("Processes", ["Threads", "CProcesses"]),
    module("Machine"),
    .target(
      name: "Migrations", path: "Migrations",
      resources: [
        .embedInCode("0001_ledger.sql"),
        .embedInCode("0001_ledger.down.sql"),
        .embedInCode("0002_passes.sql"),
        .embedInCode("0002_passes.down.sql"),
        .embedInCode("0003_engines.sql"),
        .embedInCode("0003_engines.down.sql"),
        .embedInCode("0004_urgency.sql"),
        .embedInCode("0004_urgency.down.sql"),
        .embedInCode("0005_recording.sql"),
        .embedInCode("0005_recording.down.sql"),
        .embedInCode("0006_work.sql"),
        .embedInCode("0006_work.down.sql"),
        .embedInCode("0007_workers.sql"),
        .embedInCode("0007_workers.down.sql"),
        .embedInCode("0008_state_machines.sql"),
        .embedInCode("0008_state_machines.down.sql"),
        .embedInCode("0009_watching.sql"),
        .embedInCode("0009_watching.down.sql"),
        .embedInCode("0010_invariants.sql"),
        .embedInCode("0010_invariants.down.sql"),
        .embedInCode("0011_verification.sql"),
        .embedInCode("0011_verification.down.sql"),
        .embedInCode("0012_dispatch.sql"),
        .embedInCode("0012_dispatch.down.sql"),
        .embedInCode("0013_failures.sql"),
        .embedInCode("0013_failures.down.sql"),
        .embedInCode("0014_quarantine.sql"),
        .embedInCode("0014_quarantine.down.sql"),
        .embedInCode("0015_hedging.sql"),
        .embedInCode("0015_hedging.down.sql"),
        .embedInCode("0016_upkeep.sql"),
        .embedInCode("0016_upkeep.down.sql"),
        .embedInCode("0017_http_api.sql"),
        .embedInCode("0017_http_api.down.sql"),
        .embedInCode("0018_analytics.sql"),
        .embedInCode("0018_analytics.down.sql"),
        .embedInCode("0019_partitions.sql"),
        .embedInCode("0019_partitions.down.sql"),
        .embedInCode("0020_events.sql"),
        .embedInCode("0020_events.down.sql"),
        .embedInCode("0021_event_promise.sql"),
        .embedInCode("0021_event_promise.down.sql"),
        .embedInCode("0022_training.sql"),
        .embedInCode("0022_training.down.sql"),
        .embedInCode("0023_training_retries.sql"),
        .embedInCode("0023_training_retries.down.sql"),
        .embedInCode("0024_training_acts.sql"),
        .embedInCode("0024_training_acts.down.sql"),
        .embedInCode("roles.sql"),
      ],
      swiftSettings: swiftSettings),
    // Questions to the views for analysts.
    .target(
      name: "AnalystQueries",
      resources: [
        .embedInCode("SQL/agreement.sql"),
        .embedInCode("SQL/costs.sql"),
        .embedInCode("SQL/drift.sql"),
        .embedInCode("SQL/failures.sql"),
        .embedInCode("SQL/incomplete.sql"),
        .embedInCode("SQL/label-volumes-by-week.sql"),
        .embedInCode("SQL/least-certain.sql"),
        .embedInCode("SQL/provenance.sql"),
        .embedInCode("SQL/statistics.sql"),
        .embedInCode("SQL/throughput.sql"),
        .embedInCode("SQL/timings.sql"),
        .embedInCode("SQL/turnaround.sql"),
        .embedInCode("SQL/workers.sql"),
        .embedInCode("SQL/worst-agreement.sql"),
      ],
      swiftSettings: swiftSettings),
    module("JSONLogs", [logging]),
    module("FleetMetrics", [metrics]),
    module("Exposition", ["FleetMetrics", metrics]),
    module("RabbitMQBroker", ["FleetContracts", "FleetMetrics", "Threads", "CRabbitMQ"]),
    module("PostgresLedger", ["FleetContracts", "FleetMetrics", "Digests", "Threads", "Migrations", "CPostgres"]),
    module("BlobStores", ["FleetContracts", "FleetMetrics", "Digests"]),
    module("FleetInMemory", ["FleetContracts", "Digests", "ScratchFiles"]),
    module(
      "Fleet",
      [
        "FleetContracts", "FleetMetrics", "Threads", "Processes", "Inference", "Preprocessing", "Postprocessing",
        "SlidingWindow", "LabelMeasures", "UNet", "WeightsCache", "Kernels", "NiftiIO", "Volumes", "Digests",
        "ModelStore",
        "ModelPlans", "ZipFiles", "Wording", logging,
        lifecycle,
      ]
    ),

    module(
      "RunPictures", ["FleetContracts", "Pictures", "Reports", "NiftiIO", "Volumes", "ScratchFiles"]),
    .target(
      name: "Dashboard", dependencies: ["SliceViewer", "Digests"],
      resources: [
        .embedInCode("index.html"), .embedInCode("app.js"), .embedInCode("api.js"), .embedInCode("chart.js"),
        .embedInCode("curves.js"), .embedInCode("training.js"), .embedInCode("trainings.js"),
        .embedInCode("fleet.js"), .embedInCode("format.js"), .embedInCode("letters.js"), .embedInCode("parts.js"),
        .embedInCode("run.js"), .embedInCode("runs.js"), .embedInCode("submit.js"), .embedInCode("dashboard.css"),
        .embedInCode("icon.svg"),
      ], swiftSettings: swiftSettings),
    module(
      "HTTPAPI",
      [
        "Dashboard", "FleetContracts", "FleetMetrics", "Exposition", "Digests", "PythonJSON", hummingbird, logging,
        lifecycle,
      ]),

    module("Webhooks", ["FleetContracts", "Digests", httpClient]),

    // Faults on purpose, and what must hold all the same.
    .target(
      name: "Chaos",
      dependencies: [
        "Fleet", "FleetContracts", "Digests", "PostgresLedger", "RabbitMQBroker", "BlobStores", "NiftiIO", "Volumes",
      ],
      resources: [
        .embedInCode("Model/plans.pkl"), .embedInCode("Model/fold_0.model"), .embedInCode("Model/fold_0.model.pkl"),
      ],
      swiftSettings: swiftSettings),
    module("FleetSimulation", ["Fleet", "FleetContracts", "Digests"]),

    // Training on the fleet.
    module("FleetTraining", ["Fleet", "FleetContracts", "FleetMetrics", "Training", "ModelSelection", "ModelStore"]),

    // The command line: reads settings, chooses adapters, writes to stdout.
    module(
      "Commands",
      [
        "Fleet", "FleetContracts", "Inference", "Postprocessing", "ModelStore", "ModelPlans", "NiftiIO", "Volumes",
        "Pictures", "Reports", "RunPictures", "Digests", "Kernels", "UNet", "WeightsCache", "RabbitMQBroker",
        "PostgresLedger", "BlobStores",
        "FleetInMemory", "FleetMetrics", "FleetSimulation", "FleetTraining", "Exposition", "JSONLogs", "HTTPAPI",
        "LabelFolders",
        "ModelSelection",
        "Evaluation", "PythonJSON", "Machine", "Chaos", "Processes", "Webhooks", "Training", "TrainingData", "Planning",
        "Gradients",
        "AnalystQueries", "Migrations", argumentParser,
        logging, lifecycle, signals,
        configuration,
        metrics,
      ]),
    .executableTarget(name: "tessera", dependencies: ["Commands"], swiftSettings: swiftSettings),

    // Tests.
    .target(
      name: "Testkit", dependencies: ["Volumes", "Pickles"], path: "Tests/Testkit", swiftSettings: swiftSettings),
    tests("ArchitectureTests", []),
    tests("ProtocolModelTests", []),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Fleet", "FleetContracts", "Inference", "Preprocessing", "ModelStore", "ModelPlans", "NiftiIO", "Volumes",
        "Pickles", "ZipFiles", "Digests", "Postprocessing", "PythonJSON", "Kernels", "Testkit",
      ], path: "Tests/FuzzTargets", swiftSettings: swiftSettings),
    tests("FuzzTargetsTests", ["FuzzTargets"]),
    tests("WordingTests", ["Wording"]),
    tests("DigestsTests", ["Digests"]),
    tests("RandomStreamsTests", ["RandomStreams"]),
    tests("PicklesTests", ["Pickles"]),
    tests("DeflateTests", ["Deflate"]),
    tests("ZipFilesTests", ["ZipFiles"]),
    tests("ModelStoreTests", ["ModelStore", "ModelPlans", "Pickles", "ZipFiles", "Digests"]),
    tests("NiftiIOTests", ["NiftiIO", "Volumes"]),
    tests("PreprocessingTests", ["Preprocessing", "NiftiIO", "Volumes", "Kernels", "ModelPlans"], optimised: true),
    tests("KernelsTests", ["Kernels"], optimised: true),
    tests("UNetTests", ["UNet", "Kernels", "ModelPlans"], optimised: true),
    tests("GradientsTests", ["Gradients", "UNet", "Kernels", "ModelPlans"]),
    tests("WeightsCacheTests", ["WeightsCache", "UNet", "Kernels", "ModelPlans", "Digests"]),
    tests("SlidingWindowTests", ["SlidingWindow", "Volumes", "Kernels"]),
    tests(
      "InferenceTests",
      [
        "Inference", "Preprocessing", "SlidingWindow", "UNet", "ModelStore", "ModelPlans", "NiftiIO", "Volumes",
        "Kernels", "Pickles", "ZipFiles", "NumpyFiles",
      ]),
    tests("NumpyFilesTests", ["NumpyFiles"]),
    tests(
      "TrainingDataTests", ["TrainingData", "Planning", "Pickles", "NumpyFiles", "NiftiIO", "Kernels", "Volumes"]),
    tests(
      "AugmentationTests",
      ["Augmentation", "Kernels", "NumpyFiles", "Pickles", "Threads", "Volumes", "RandomStreams"]),
    tests(
      "TrainingTests",
      [
        "Training", "TrainingData", "ModelStore", "ModelPlans", "Pickles", "Planning", "Kernels", "FleetTraining",
        "Fleet",
        "FleetContracts", "Digests",
      ]),
    tests("PythonJSONTests", ["PythonJSON"]),
    tests("PlanningTests", ["Planning", "Pickles"]),
    tests("LabelShapesTests", ["LabelShapes", "Volumes", "Kernels"]),
    tests("LabelMeasuresTests", ["LabelMeasures", "Evaluation", "NiftiIO", "Volumes", "Kernels"]),
    tests("EvaluationTests", ["Evaluation", "PythonJSON", "Volumes", "Kernels"]),
    tests("LabelFoldersTests", ["LabelFolders", "Evaluation", "Postprocessing", "PythonJSON", "NiftiIO", "Volumes"]),
    tests(
      "ModelSelectionTests", ["ModelSelection", "LabelFolders", "Postprocessing", "PythonJSON", "NiftiIO", "Volumes"]),
    tests("PostprocessingTests", ["Postprocessing", "PythonJSON", "NiftiIO", "Volumes"]),
    tests("PicturesTests", ["Pictures", "Volumes"]),
    tests("ReportsTests", ["Reports", "Pictures", "Volumes"]),
    tests("RunPicturesTests", ["RunPictures", "FleetInMemory", "FleetContracts", "Digests"]),
    tests("DashboardTests", ["Dashboard"]),
    tests("ThreadsTests", ["Threads"]),
    tests("MachineTests", ["Machine"]),
    tests("ProcessesTests", ["Processes"]),
    tests("FleetContractsTests", ["FleetContracts", "Digests"]),
    .target(
      name: "FleetConformance", dependencies: ["FleetContracts", "Digests"], path: "Tests/FleetConformance",
      swiftSettings: swiftSettings),
    tests("FleetInMemoryTests", ["FleetInMemory", "FleetConformance", "FleetContracts"]),
    tests("BlobStoresTests", ["BlobStores", "FleetConformance", "FleetContracts", "Digests"]),
    tests("RabbitMQBrokerTests", ["RabbitMQBroker", "FleetConformance", "FleetContracts", "Digests"]),
    tests(
      "PostgresLedgerTests",
      ["PostgresLedger", "FleetConformance", "FleetContracts", "Digests", "Migrations", "AnalystQueries"]),
    tests(
      "FleetTests",
      [
        "Fleet", "FleetInMemory", "FleetContracts", "BlobStores", "Digests", "Inference", "Preprocessing", "ModelStore",
        "UNet", "WeightsCache", "Kernels", "Threads", "Volumes",
      ]),
    tests("WebhooksTests", ["Webhooks", "FleetContracts"]),
    tests("ChaosTests", ["Chaos"]),
    tests("FleetSimulationTests", ["FleetSimulation", "FleetContracts", "Digests"]),
    tests("JSONLogsTests", ["JSONLogs", logging]),
    tests("ExpositionTests", ["Exposition", "FleetMetrics", metrics]),
    tests(
      "HTTPAPITests",
      [
        "HTTPAPI", "FleetContracts", "FleetInMemory", "Exposition", "FleetMetrics", "Digests", "PythonJSON",
        hummingbird,
        hummingbirdTesting, logging,
      ]),
    tests(
      "CommandsTests",
      [
        "Commands", "FleetContracts", "FleetMetrics", "HTTPAPI", "RabbitMQBroker", "UNet", "Kernels", "Machine",
        argumentParser,
      ]),
    tests(
      "EndToEndTests", ["tessera", "PostgresLedger", "FleetContracts", "Digests", "NiftiIO", "Volumes", "Kernels"]),
  ] + fuzzer
)
