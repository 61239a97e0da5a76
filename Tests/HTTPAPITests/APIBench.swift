import Digests
import FleetContracts
import FleetInMemory
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import PythonJSON
import Testing

@testable import HTTPAPI

/// The API on a ledger and a store in memory, with a model and tokens.
struct APIBench {
  let ledger = InMemoryLedger()
  let store = InMemoryBlobStore()
  let services: APIServices

  static let model = ModelRecord(
    name: "tissue", digest: digest("model"), configuration: "3d_fullres", trainer: "nnUNetTrainerV2", channels: 1,
    labels: [LabelName(label: 1, name: "grey"), LabelName(label: 2, name: "white")])
  /// What passes for an image: the first bytes of gzip, and then anything.
  static let image: [UInt8] = [0x1F, 0x8B, 0x08, 0x00] + (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

  static func digest(_ name: String) -> Digest { Digest(of: name.utf8) }

  /// - Parameter free: what the store says is free, where it shall say something.
  init(limits: APILimits = APILimits(), reserve: Int = 0, isOpen: Bool = false, free: Int? = nil) async throws {
    services = APIServices(
      ledger: ledger, store: FreeStore(inner: store, free: free), reserve: StoreReserve(bytes: reserve), limits: limits,
      isOpen: isOpen, version: "1")
    try await ledger.register(Self.model)
    for (name, tenant, scopes) in [
      ("submitter", "radiology", [TokenScope.submit]), ("reader", "radiology", [.read]),
      ("both", "radiology", [.submit, .read]), ("stranger", "surgery", [.submit, .read]), ("admin", "it", [.admin]),
    ] {
      try await ledger.keep(
        AccessToken(name: name, digest: Digest(of: name.utf8), tenant: Tenant(tenant), scopes: Set(scopes)))
    }
  }

  /// Calls `body` with a client of the router.
  func test<Value>(_ body: @escaping @Sendable (Client) async throws -> Value) async throws -> Value {
    try await Application(router: APIServer.router(services)).test(.router) { try await body(Client(client: $0)) }
  }

  struct Client {
    let client: any TestClientProtocol

    /// - Parameter token: the secret; `nil` for none.
    func send(
      _ method: HTTPRequest.Method = .get, _ path: String, as token: String? = "both", headers: HTTPFields = [:],
      body: [UInt8]? = nil
    ) async throws -> Answer {
      var headers = headers
      if let token { headers[.authorization] = "Bearer \(token)" }
      return try await client.execute(
        uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) }
      ) { Answer(response: $0) }
    }

    func put(_ image: [UInt8] = APIBench.image, as token: String? = "both", headers: HTTPFields = [:]) async throws
      -> Answer
    {
      try await send(
        .post, "/v1/inputs", as: token, headers: [.contentType: "application/octet-stream"] + headers, body: image)
    }

    func submit(_ json: String, key: String? = nil, as token: String? = "both") async throws -> Answer {
      var headers: HTTPFields = [.contentType: "application/json"]
      if let key, let name = HTTPField.Name("Idempotency-Key") { headers[name] = key }
      return try await send(.post, "/v1/runs", as: token, headers: headers, body: Array(json.utf8))
    }

    /// A run of the image, which is brought first.
    func run(as token: String = "both") async throws -> RunID {
      _ = try await put(as: token)
      let answer = try await submit(
        #"{"model": ["tissue"], "inputs": ["\#(Digest(of: APIBench.image))"]}"#, as: token)
      return try #require(RunID(answer.json?["run"]?.string ?? ""))
    }
  }

  struct Answer {
    let response: TestResponse
    var status: Int { response.status.code }
    var text: String { String(buffer: response.body) }
    var json: JSONValue? { try? JSONValue(parsing: response.body.readableBytesView) }
    /// The last word of the problem's type.
    var problem: String? {
      guard response.headers[.contentType] == Problem.contentType else { return nil }
      return json?["type"]?.string?.replacing("urn:tessera:problem:", with: "")
    }
  }

  /// A training of radiology's, of two folds: one has an epoch behind it and a trainer, one has failed.
  func training() async throws -> TrainingID {
    let data = try await store.put(Blob(copying: Array("a preprocessed task".utf8)))
    let checkpoint = try await store.put(Blob(copying: Array("a checkpoint".utf8)))
    let spec = TrainingSpec(
      task: "Task501_BrainTissue", configurations: ["2d"], folds: [0, 1], foldsOfSplit: 2, data: data, model: "tissue",
      epochs: 10)
    let training = try await ledger.submit(spec, key: "mine", tenant: Tenant("radiology")).training
    let due = try await ledger.claimTrainingJobs(idle: 2, lease: .seconds(60), claim: .seconds(60))
    try await ledger.markPublished(due)
    let epoch = TrainingEpoch(
      epoch: 0, trainingLoss: -0.5, validationLoss: .nan, dice: 0.75, learningRate: 0.01, seconds: 2)
    for (job, news) in [
      (0, TrainingReport.News.epoch(epoch, checkpoint: checkpoint)),
      (1, .failed(kind: .invalid, reason: "The disk is full.")),
    ] {
      _ = try await ledger.record(
        TrainingReport(training: training, job: job, attempt: 1, worker: "host-\(job)", news: news))
    }
    return training
  }

  /// Ends a run as a fleet would; its label map has these bytes.
  func complete(_ run: RunID, labelMap: [UInt8] = Array("label map".utf8), probabilities: [UInt8]? = nil) async throws {
    let claim = try #require(
      try await ledger.claimSubmittedRun(of: Set(RunClass.allCases), owner: "d", lease: .seconds(60)))
    #expect(claim.run.id == run)
    let plan = PassPlan(document: Self.digest("document"), tiles: 1)
    try await ledger.plan(plan, of: claim)
    _ = try await ledger.enqueueTiles(DispatchWindow(inFlight: 10))
    _ = try await ledger.record(
      TileResult(
        job: TileJob(run: run, pass: plan.id, epoch: claim.epoch, tile: 0, attempt: 1, document: plan.document),
        outcome: .computed(probabilities: Self.digest("tile"), bytes: 1), worker: "w", engine: "blas/avx512"))
    let stitch = try #require(try await ledger.claimStitch(owner: "a", lease: .seconds(60)))
    var outcome = RunOutcome(
      labelMap: try await store.put(Blob(copying: labelMap)), labelVoxels: Self.digest("voxels"),
      labels: [LabelMeasurement(label: 1, name: "grey", voxels: 1000, volume: 1)],
      timings: [StepTiming(step: "read", seconds: 0.5)], engine: "blas/avx512", softwareVersion: "1")
    if let probabilities { outcome.probabilities = try await store.put(Blob(copying: probabilities)) }
    try await ledger.complete(stitch.claim, outcome)
  }
}

/// The store in memory doesn't know what is free; this one does.
private struct FreeStore: BlobStore {
  let inner: InMemoryBlobStore
  let free: Int?
  func put(_ blob: Blob) async throws -> Digest { try await inner.put(blob) }
  func get(_ digest: Digest) async throws -> Blob { try await inner.get(digest) }
  func contains(_ digest: Digest) async throws -> Bool { try await inner.contains(digest) }
  func remove(_ digest: Digest) async throws { try await inner.remove(digest) }
  func freeBytes() async throws -> Int? { free }
}

extension HTTPFields {
  static func + (first: HTTPFields, second: HTTPFields) -> HTTPFields {
    var all = first
    for field in second { all.append(field) }
    return all
  }
}
