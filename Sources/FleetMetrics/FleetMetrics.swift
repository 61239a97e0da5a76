/// All metrics of the fleet. The page Monitoring has the same list for people; a test compares the two.
public enum FleetMetrics {
  /// Seconds of work that takes from hundredths of a second to an hour.
  private static let work: MetricFamily.Kind = .histogram(
    bounds: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600])
  /// Seconds of something that ought to be quick.
  private static let answer: MetricFamily.Kind = .histogram(
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])

  // MARK: The process

  public static let buildInfo = MetricFamily(
    "tessera_build_info", .gauge, "Always 1; which version runs, in which role.", labels: ["version", "role"])
  public static let processCPUSeconds = MetricFamily(
    "process_cpu_seconds_total", .counter, "User and system time of the process, in seconds.")
  public static let processResidentBytes = MetricFamily(
    "process_resident_memory_bytes", .gauge, "Resident memory of the process, in bytes.")
  public static let processOpenDescriptors = MetricFamily(
    "process_open_fds", .gauge, "Open file descriptors of the process.")
  public static let processStartSeconds = MetricFamily(
    "process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.")

  // MARK: Broker

  public static let redeliveries = MetricFamily(
    "tessera_redeliveries_total", .counter, "Messages that this process got and the broker had delivered before.",
    labels: ["queue"])
  public static let publishConfirmSeconds = MetricFamily(
    "tessera_publish_confirm_seconds", answer,
    "From publishing messages, one or several together, to the broker's last confirm, in seconds.",
    labels: ["queue"])
  public static let amqpReconnects = MetricFamily(
    "tessera_amqp_reconnects_total", .counter, "Connections to the broker after the first one.")
  public static let brokerConnected = MetricFamily(
    "tessera_broker_connected", .gauge, "1 while this process is connected to the broker, else 0.")
  public static let brokerBlocked = MetricFamily(
    "tessera_broker_blocked", .gauge, "1 while the broker takes no messages for want of memory or disk, else 0.")

  // MARK: Ledger and store

  public static let transactionSeconds = MetricFamily(
    "tessera_ledger_transaction_seconds", answer,
    "Transactions of this process with the ledger, with waiting for a connection and repetitions, in seconds.")
  public static let transactionRetries = MetricFamily(
    "tessera_ledger_retries_total", .counter,
    "Transactions that were tried again: the database was away, or two of them were in each other's way.")
  public static let blobBytes = MetricFamily(
    "tessera_blob_bytes_total", .counter, "Bytes that this process put into the blob store or got from it.",
    labels: ["op", "scheme"])

  // MARK: Tiles and runs, where they are worked on

  public static let tilePhaseSeconds = MetricFamily(
    "tessera_tile_phase_seconds", work,
    "What a worker spends on a tile, in seconds: fetch (model and volume), infer, put (probabilities), publish (the result).",
    labels: ["phase"])
  public static let workerBusyRatio = MetricFamily(
    "tessera_worker_busy_ratio", .gauge, "Share of this worker's slots that have a tile in hand, 0 to 1.")
  public static let tiles = MetricFamily(
    "tessera_tiles_total", .counter,
    "Tile results that this aggregator recorded: accepted, duplicate, conflict, stale, retried, dead, disputed, awaiting or refused.",
    labels: ["outcome"])
  public static let tileWaitSeconds = MetricFamily(
    "tessera_tile_wait_seconds", work,
    "From a tile's publication to its being taken by a worker, in seconds: waiting at the broker, by the ledger's clock.",
    labels: ["class"])
  public static let cpuSeconds = MetricFamily(
    "tessera_cpu_seconds_total", .counter,
    "Seconds of processors that workers spent on tiles whose results this aggregator accepted, all threads together.",
    labels: ["tenant", "model"])
  public static let duplicateResults = MetricFamily(
    "tessera_duplicate_results_total", .counter, "Results of tiles that had this very result already.")
  public static let digestConflicts = MetricFamily(
    "tessera_digest_conflicts_total", .counter,
    "Results that differ from the accepted one of their tile: a broken machine, or a mix of engines.")
  public static let runDurationSeconds = MetricFamily(
    "tessera_run_duration_seconds", work, "From submission to completion of a run, in seconds.", labels: ["class"])
  public static let prepareSeconds = MetricFamily(
    "tessera_prepare_seconds", work, "Reading, preprocessing and planning a run's pass, in seconds.")
  public static let stitchSeconds = MetricFamily(
    "tessera_stitch_seconds", work, "Stitching and measuring a run's pass, in seconds.")

  // MARK: Training, where it is done

  public static let trainingEpochs = MetricFamily(
    "tessera_training_epochs_total", .counter, "Epochs that this trainer has trained.", labels: ["configuration"])
  public static let trainingEpochSeconds = MetricFamily(
    "tessera_training_epoch_seconds", work, "An epoch, with its validation batches, in seconds.",
    labels: ["configuration"])
  public static let trainingBatchWait = MetricFamily(
    "tessera_training_batch_wait_seconds_total", .counter,
    "Seconds that training has waited for batches, which are made beside it.", labels: ["configuration"])

  // MARK: The HTTP API

  public static let requests = MetricFamily(
    "tessera_http_requests_total", .counter, "Requests that this server answered, by operation and HTTP status.",
    labels: ["route", "status"])
  public static let requestSeconds = MetricFamily(
    "tessera_http_request_seconds", answer,
    "From a request's head to the beginning of its answer, in seconds: with the reading of an upload, without the sending of a download.",
    labels: ["route", "status"])

  // MARK: The whole fleet, from the ledger: the same from each process that has the database

  public static let runs = MetricFamily(
    "tessera_runs_total", .counter, "Runs that are over: completed, failed or cancelled.", labels: ["state", "class"])
  public static let openRuns = MetricFamily(
    "tessera_open_runs", .gauge, "Runs that aren't over, by state.", labels: ["state", "class"])
  public static let deadlineMisses = MetricFamily(
    "tessera_deadline_misses_total", .counter, "Runs that weren't completed by their deadline.", labels: ["class"])
  public static let outstandingTiles = MetricFamily(
    "tessera_outstanding_tiles", .gauge, "Planned tiles of runs in work that have no result yet.", labels: ["class"])
  public static let outstandingWork = MetricFamily(
    "tessera_outstanding_work_seconds", .gauge,
    "Seconds that one worker slot would need for all that has no result yet, also of runs that aren't planned.",
    labels: ["class", "model"])
  public static let workerSlots = MetricFamily(
    "tessera_worker_slots", .gauge,
    "Slots of all workers by the worker's state: starting, running, draining, quarantined, or lost (silent for a minute).",
    labels: ["state"])
  public static let slotGflops = MetricFamily(
    "tessera_worker_gflops", .gauge,
    "Billions of a network's floating-point operations that a worker slot does in a second: the mean over the models measured lately."
  )
  public static let deadLetters = MetricFamily(
    "tessera_dead_letters_total", .counter,
    "Dead letters since the beginning, by why they died: a kind of failure, or unreadable for messages.",
    labels: ["reason"])
  public static let openDeadLetters = MetricFamily(
    "tessera_dead_letters_open", .gauge, "Dead letters that wait for an operator.")
  public static let trainingJobs = MetricFamily(
    "tessera_training_jobs", .gauge,
    "Jobs of all trainings, each a configuration on a fold or a choice among them, by state.", labels: ["state"])
  public static let quarantines = MetricFamily(
    "tessera_quarantines", .gauge, "Workers that are in quarantine.")
  public static let outboxLag = MetricFamily(
    "tessera_outbox_lag_seconds", .gauge, "How long the oldest message has waited to be published, in seconds.")
  public static let unpublishedEvents = MetricFamily(
    "tessera_events_unpublished", .gauge,
    "Events of runs that the broker hasn't confirmed; they wait for a process of the role events.")
  public static let eventLag = MetricFamily(
    "tessera_events_lag_seconds", .gauge, "How long the oldest unpublished event has waited, in seconds.")
  public static let pendingDeliveries = MetricFamily(
    "tessera_webhook_deliveries_pending", .gauge, "Webhook deliveries that are due or will be tried again.")
  public static let ledgerViolations = MetricFamily(
    "tessera_ledger_violations", .gauge, "Rows that break an invariant of the ledger; must be 0.", labels: ["invariant"]
  )

  /// All of them.
  public static let all: [MetricFamily] = [
    buildInfo, processCPUSeconds, processResidentBytes, processOpenDescriptors, processStartSeconds, redeliveries,
    publishConfirmSeconds, amqpReconnects, brokerConnected, brokerBlocked, transactionSeconds, transactionRetries,
    blobBytes, tilePhaseSeconds, workerBusyRatio, tiles, tileWaitSeconds, cpuSeconds, duplicateResults, digestConflicts,
    runDurationSeconds,
    prepareSeconds, stitchSeconds, trainingEpochs, trainingEpochSeconds, trainingBatchWait, requests, requestSeconds,
    runs, openRuns, deadlineMisses, outstandingTiles,
    outstandingWork, workerSlots,
    slotGflops, trainingJobs, deadLetters, openDeadLetters, quarantines, outboxLag,
    unpublishedEvents, eventLag, pendingDeliveries,
    ledgerViolations,
  ]
}
