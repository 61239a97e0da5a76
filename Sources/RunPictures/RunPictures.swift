public import FleetContracts
internal import Pictures
internal import Reports

/// Pictures of runs, made when somebody asks from the blobs of a store. The volumes that were looked at last stay open.
public actor RunPictures: RunPicturing {
  private let store: any BlobStore
  private let kept: Int
  /// The latest last.
  private var open: [(run: RunID, slices: Task<Slices, any Error>)] = []
  private let rooms: Rooms

  /// Pixels of a slice's longer side at most.
  private static let largestSlice = 1024

  /// - Parameters:
  ///   - kept: how many runs' volumes stay open, in temporary files.
  ///   - atOnce: how many volumes are read, or reports made, at the same time; others wait.
  public init(store: any BlobStore, kept: Int = 4, atOnce: Int = 2) {
    self.store = store
    self.kept = max(1, kept)
    rooms = Rooms(atOnce)
  }

  public func slices(of run: RunRecord) async throws -> SliceListing { try await opened(run).listing(of: run) }

  public func slice(_ request: SliceRequest, of run: RunRecord) async throws -> [UInt8] {
    guard let window = IntensityWindow(request.window) else {
      throw RunPictureError.badWindow(request.window, expected: IntensityWindow.forms)
    }
    let slices = try await opened(run)
    guard let view = slices.views.firstIndex(where: { $0.id == request.plane }),
      (0..<slices.views[view].count).contains(request.index)
    else { throw RunPictureError.noSuchSlice("\(request.plane)/\(request.index)") }
    return try await Offloaded.run {
      switch request.layer {
      case .image:
        try slices.image(view: view, index: request.index, longestSide: Self.largestSlice, window: window)
      case .labels:
        try slices.labels(
          view: view, index: request.index, longestSide: Self.largestSlice, shown: request.labels)
      }
    }
  }

  public func picture(_ kind: RunPictureKind, of run: RunRecord) async throws -> [UInt8] {
    let slices = try await opened(run)
    let names = Dictionary(
      (run.outcome?.labels ?? []).map { ($0.label, $0.name) }, uniquingKeysWith: { first, _ in first })
    return try await Offloaded.run {
      let overlay = try slices.overlay(names: names, title: run.model.name)
      return switch kind {
      case .planes: try overlay.png()
      case .mosaic: try overlay.mosaic()
      }
    }
  }

  public func report(of run: RunRecord) async throws -> [UInt8] {
    let slices = try await opened(run)
    guard let outcome = run.outcome else { throw RunPictureError.notCompleted(run.id, run.state) }
    let rooms = rooms
    return try await rooms.within {
      try await Offloaded.run { try HTMLReport(facts: ReportFacts(run: run, outcome: outcome), slices: slices).html() }
    }
  }

  /// Runs whose volumes are open.
  var openCount: Int { open.count }

  /// The run's slices; whoever asks while they are being read waits for the same reading.
  private func opened(_ run: RunRecord) async throws -> Slices {
    guard run.state == .completed, let outcome = run.outcome else {
      throw RunPictureError.notCompleted(run.id, run.state)
    }
    if let place = open.firstIndex(where: { $0.run == run.id }) {
      let entry = open.remove(at: place)
      open.append(entry)
      return try await entry.slices.value
    }
    let task = Task { [store, rooms] in
      try await rooms.within { try await Slices.of(run, outcome: outcome, in: store) }
    }
    open.append((run.id, task))
    if open.count > kept { open.removeFirst() }
    do {
      return try await task.value
    } catch {
      // The next one who asks tries again.
      open.removeAll { $0.run == run.id && $0.slices == task }
      throw error
    }
  }
}

/// Lets so many in at once; the others wait in the order of their coming.
private actor Rooms {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = max(1, count) }

  nonisolated func within<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    await enter()
    do {
      let result = try await body()
      await leave()
      return result
    } catch {
      await leave()
      throw error
    }
  }

  private func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  private func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
