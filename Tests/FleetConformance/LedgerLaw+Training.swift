internal import Digests
internal import FleetContracts
internal import Foundation
internal import Testing

extension LedgerLaw {
  private static func spec(
    _ configurations: [String] = ["2d", "3d_fullres"], folds: [Int] = [0, 1], ofSplit: Int = 2
  ) -> TrainingSpec {
    TrainingSpec(
      task: "Task501_BrainTissue", configurations: configurations, folds: folds, foldsOfSplit: ofSplit,
      data: LedgerBench.digest("task"), model: "tissue", epochs: 4)
  }

  private static func submitted(
    _ ledger: any Ledger, _ spec: TrainingSpec = spec(), key: String? = nil, tenant: Tenant = .default
  ) async throws -> TrainingID {
    try await ledger.submit(spec, key: key, tenant: tenant).training
  }

  private static let lease = Duration.seconds(30)

  /// Jobs that are handed out now, and published.
  private static func handedOut(_ ledger: any Ledger, idle: Int = 100) async throws -> [DueTrainingJob] {
    let due = try await ledger.claimTrainingJobs(idle: idle, lease: lease, claim: .seconds(10))
    try await ledger.markPublished(due)
    return due
  }

  private static func report(
    _ due: DueTrainingJob, _ news: TrainingReport.News, by worker: String = "host-1"
  ) -> TrainingReport {
    TrainingReport(
      training: due.training, job: due.job.position, attempt: due.job.attempt, worker: worker, news: news)
  }

  private static func epoch(
    _ number: Int, loss: Double = -0.5, checkpoint: String? = nil, finalSeconds: Double? = nil
  ) -> TrainingReport.News {
    .epoch(
      TrainingEpoch(
        epoch: number, trainingLoss: loss, validationLoss: 0.25, dice: number == 0 ? .nan : 0.5, learningRate: 0.01,
        seconds: 1.5, finalSeconds: finalSeconds), checkpoint: checkpoint.map { LedgerBench.digest($0) })
  }

  private static func finish(_ ledger: any Ledger, _ due: DueTrainingJob, by worker: String = "host-1") async throws {
    let result = LedgerBench.digest("result \(due.job.position)")
    #expect(try await ledger.record(report(due, .done(result: result), by: worker)) == .accepted)
  }

  private static func job(_ ledger: any Ledger, _ due: DueTrainingJob) async throws -> TrainingJobRecord {
    try #require(try await ledger.training(due.training)).jobs[due.job.position]
  }

  static let training = [
    LedgerLaw("a training is kept as it was submitted; its key finds it again") { bench in
      let ledger = try await bench.ledger()
      let ward = try Tenant("ward-7")
      let first = try await ledger.submit(spec(), key: "mine", tenant: ward)
      #expect(first.isNew)
      let again = try await ledger.submit(spec(), key: "mine", tenant: ward)
      #expect(again == TrainingSubmissionReceipt(training: first.training, isNew: false))
      await #expect(throws: LedgerError.trainingKeyConflict(key: "mine", training: first.training)) {
        try await ledger.submit(spec(["2d"]), key: "mine", tenant: ward)
      }
      #expect(try await ledger.submit(spec(["2d"]), key: "mine", tenant: .default).isNew)
      let record = try #require(try await ledger.training(first.training))
      #expect(record.spec == spec() && record.tenant == ward && record.key == "mine" && record.state == .running)
      #expect(record.finishedAt == nil && record.board == TrainingBoard(spec()))
      #expect(try await ledger.trainings(limit: 1).map(\.tenant) == [.default])
      #expect(try await ledger.trainings(limit: 9).count == 2)
      #expect(try await ledger.trainings(of: ward, limit: 9).map(\.id) == [first.training])
      #expect(try await ledger.training(TrainingID()) == nil)
      await #expect(throws: TrainingSpecError.self) {
        try await ledger.submit(spec(["3d_cascade_fullres"]), key: nil, tenant: ward)
      }
    },
    LedgerLaw(
      "jobs of a training are handed out when trainers are idle, each once, and those that wait come after what they need"
    ) {
      bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger()]
      let training = try await submitted(ledgers[0], spec(["3d_lowres", "3d_cascade_fullres"], folds: [1]))
      #expect(try await ledgers[0].claimTrainingJobs(idle: 0, lease: lease, claim: .seconds(10)) == [])
      let one = try await ledgers[0].claimTrainingJobs(idle: 1, lease: lease, claim: .seconds(10))
      #expect(one.map(\.job.work) == [.fold(configuration: "3d_lowres", fold: 0)])
      #expect(one.first?.job.attempt == 1 && one.first?.job.state == .queued && one.first?.inputs == [])
      // A dispatcher that dies with it in hand: another publishes the same attempt.
      #expect(try await ledgers[1].claimTrainingJobs(idle: 0, lease: lease, claim: .seconds(10)) == [])
      try await bench.advance(by: .seconds(11))
      let same = try await ledgers[1].claimTrainingJobs(idle: 0, lease: lease, claim: .seconds(10))
      #expect(same.map(\.job.position) == [0] && same.first?.job.attempt == 1)
      try await ledgers[1].markPublished(same)
      let other = try await handedOut(ledgers[1], idle: 9)
      #expect(other.map(\.job.work) == [.fold(configuration: "3d_lowres", fold: 1)])
      try await finish(ledgers[0], same[0])
      #expect(try await handedOut(ledgers[0]) == [])
      try await finish(ledgers[0], other[0])
      let cascade = try await handedOut(ledgers[0])
      #expect(cascade.map(\.job.work) == [.fold(configuration: "3d_cascade_fullres", fold: 1)])
      #expect(cascade.first?.inputs.map(\.result) == [LedgerBench.digest("result 0"), LedgerBench.digest("result 1")])
      try await finish(ledgers[0], cascade[0])
      let choice = try await handedOut(ledgers[0])
      #expect(choice.map(\.job.work) == [.selection] && choice.first?.inputs.count == 3)
      #expect(try await ledgers[0].training(training)?.state == .running)
      try await finish(ledgers[0], choice[0])
      let record = try #require(try await ledgers[0].training(training))
      #expect(record.state == .completed && record.finishedAt != nil && record.jobs.allSatisfy { $0.state == .done })
      #expect(try await ledgers[0].claimTrainingJobs(idle: 9, lease: lease, claim: .seconds(10)) == [])
    },
    LedgerLaw("a trainer's reports renew its lease; when it falls silent another goes on from the last checkpoint") {
      bench in
      let ledger = try await bench.ledger()
      _ = try await submitted(ledger, spec(["2d"], folds: [0]))
      let first = try #require(try await handedOut(ledger).first)
      #expect(try await ledger.record(report(first, .begun)) == .accepted)
      for number in 0..<3 {
        try await bench.advance(by: .seconds(20))
        #expect(try await ledger.requeueLostTrainingJobs(queuedAreLost: true, overdue: .seconds(5)) == 0)
        let news = epoch(number, checkpoint: number < 2 ? "checkpoint \(number)" : nil)
        #expect(try await ledger.record(report(first, news)) == .accepted)
        #expect(try await ledger.record(report(first, news)) == .accepted)
      }
      #expect(try await job(ledger, first).epochs == 3)
      try await bench.advance(by: .seconds(31))
      #expect(try await ledger.requeueLostTrainingJobs(queuedAreLost: false, overdue: .seconds(5)) == 1)
      #expect(try await ledger.requeueLostTrainingJobs(queuedAreLost: false, overdue: .seconds(5)) == 0)
      let second = try #require(try await handedOut(ledger).first)
      #expect(second.job.attempt == 2 && second.job.checkpoint == LedgerBench.digest("checkpoint 1"))
      #expect(second.job.checkpointEpochs == 2 && second.job.epochs == 2)
      // The first one lives on: nothing of it counts any more.
      #expect(try await ledger.record(report(first, epoch(3, checkpoint: "late"))) == .stale)
      #expect(try await ledger.record(report(first, .done(result: LedgerBench.digest("late")))) == .stale)
      #expect(try await ledger.record(report(second, epoch(2, loss: -0.75), by: "host-2")) == .accepted)
      // Of one attempt that was delivered twice, the first to begin has it.
      #expect(try await ledger.record(report(second, .alive, by: "host-3")) == .stale)
      let running = try await job(ledger, second)
      #expect(running.worker == "host-2" && running.state == .running && running.setbacks == 1)
      #expect(try await ledger.record(report(second, epoch(3, checkpoint: "checkpoint 3"), by: "host-2")) == .accepted)
      #expect(try await job(ledger, second).setbacks == 0)
      let result = LedgerBench.digest("result")
      #expect(try await ledger.record(report(second, .done(result: result), by: "host-2")) == .accepted)
      #expect(try await ledger.record(report(second, .done(result: result), by: "host-2")) == .duplicate)
      #expect(try await ledger.record(report(second, .alive, by: "host-2")) == .stale)
      let curve = try await ledger.curves(of: first.training)
      #expect(curve.map(\.epoch.epoch) == [0, 1, 2, 3] && curve.map(\.attempt) == [1, 1, 2, 2])
      #expect(curve.map(\.epoch.trainingLoss) == [-0.5, -0.5, -0.75, -0.5] && curve[0].epoch.dice == nil)
      #expect(
        curve.last
          == TrainingCurvePoint(
            job: 0,
            epoch: TrainingEpoch(
              epoch: 3, trainingLoss: -0.5, validationLoss: 0.25, dice: 0.5, learningRate: 0.01, seconds: 1.5),
            attempt: 2, worker: "host-2"))
    },
    LedgerLaw("a job that the broker has lost is handed out again, but not while it may still wait there") { bench in
      let ledger = try await bench.ledger()
      _ = try await submitted(ledger, spec(["2d"], folds: [0]))
      let first = try #require(try await handedOut(ledger).first)
      #expect(try await ledger.requeueLostTrainingJobs(queuedAreLost: true, overdue: .seconds(60)) == 0)
      try await bench.advance(by: .seconds(61))
      #expect(try await ledger.requeueLostTrainingJobs(queuedAreLost: false, overdue: .seconds(60)) == 0)
      #expect(try await ledger.requeueLostTrainingJobs(queuedAreLost: true, overdue: .seconds(60)) == 1)
      let second = try #require(try await handedOut(ledger).first)
      #expect(second.job.attempt == 2 && second.job.setbacks == 0)
      #expect(try await ledger.record(report(first, .begun)) == .stale)
      #expect(try await ledger.record(report(second, .begun)) == .accepted)
      #expect(
        try await ledger.record(
          TrainingReport(
            training: first.training, job: 17, attempt: 1, worker: "host-1", news: .alive)) == .unknown)
      #expect(
        try await ledger.record(
          TrainingReport(
            training: TrainingID(), job: 0, attempt: 1, worker: "host-1", news: .alive)) == .unknown)
    },
    LedgerLaw(
      "a failure that may pass is tried again after a pause; one that can't ends the training, but not what else it can do"
    ) {
      bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger, spec(["2d"]))
      let due = try await handedOut(ledger)
      #expect(due.count == 2)
      #expect(try await ledger.record(report(due[0], .failed(kind: .poison, reason: "It broke."))) == .accepted)
      #expect(try await job(ledger, due[0]).state == .ready)
      #expect(try await handedOut(ledger) == [])
      try await bench.advance(by: .seconds(300))
      let again = try #require(try await handedOut(ledger).first)
      #expect(again.job.attempt == 2)
      #expect(try await ledger.record(report(again, .failed(kind: .invalid, reason: "No such fold."))) == .accepted)
      let failed = try await job(ledger, again)
      #expect(failed.state == .failed && failed.failure == RunFailure(kind: .invalid, reason: "No such fold."))
      #expect(try await ledger.training(training)?.jobs.map(\.state) == [.failed, .queued, .skipped])
      #expect(try await ledger.training(training)?.state == .running)
      try await finish(ledger, due[1])
      let record = try #require(try await ledger.training(training))
      #expect(record.state == .failed && record.board.failure?.kind == .invalid && record.finishedAt != nil)
    },
    LedgerLaw("a job that keeps losing its trainers without a new checkpoint is given up") { bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger, spec(["2d"], folds: [0]))
      for attempt in 1...TrainingBoard.mostLosses {
        let due = try #require(try await handedOut(ledger).first)
        #expect(due.job.attempt == attempt)
        #expect(try await ledger.record(report(due, .begun)) == .accepted)
        try await bench.advance(by: .seconds(31))
        #expect(try await ledger.requeueLostTrainingJobs(queuedAreLost: true, overdue: .seconds(60)) == 1)
      }
      #expect(try await handedOut(ledger) == [])
      let record = try #require(try await ledger.training(training))
      #expect(record.state == .failed && record.board.failure?.kind == .poison)
      #expect(record.board.failure?.reason.contains("host-1") == true)
    },
    LedgerLaw("a trainer that is stopped hands its job back at once, and that isn't held against it") { bench in
      let ledger = try await bench.ledger()
      _ = try await submitted(ledger, spec(["2d"], folds: [0]))
      let first = try #require(try await handedOut(ledger).first)
      #expect(try await ledger.record(report(first, .begun)) == .accepted)
      let checkpoint = LedgerBench.digest("in the middle")
      #expect(try await ledger.record(report(first, .returned(checkpoint: checkpoint, epochs: 1))) == .accepted)
      let second = try #require(try await handedOut(ledger).first)
      #expect(second.job.attempt == 2 && second.job.setbacks == 0 && second.job.checkpoint == checkpoint)
      #expect(try await ledger.record(report(second, .returned(checkpoint: nil, epochs: nil), by: "b")) == .accepted)
      #expect(try await handedOut(ledger).first?.job.checkpoint == checkpoint)
    },
    LedgerLaw("nothing of a cancelled training counts any more") { bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger)
      let due = try #require(try await handedOut(ledger, idle: 1).first)
      #expect(try await ledger.record(report(due, .begun)) == .accepted)
      #expect(try await ledger.cancel(training, by: "alice") == .cancelled)
      #expect(try await ledger.cancel(training, by: "alice") == .cancelled)
      #expect(try await ledger.cancel(TrainingID(), by: "alice") == nil)
      #expect(try await ledger.record(report(due, epoch(0, checkpoint: "late"))) == .stale)
      #expect(try await ledger.curves(of: training) == [])
      #expect(try await handedOut(ledger) == [])
      let record = try #require(try await ledger.training(training))
      #expect(record.state == .cancelled && record.jobs.allSatisfy { $0.state == .cancelled })
    },
    LedgerLaw("a retry takes up what has failed, from its last checkpoint, with what waits for it; the rest is kept") {
      bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger, spec(["3d_lowres", "3d_cascade_fullres"], folds: [1]))
      let due = try await handedOut(ledger)
      #expect(due.map(\.job.position) == [0, 1])
      #expect(try await ledger.retry(training, by: "bob") == [])
      #expect(try await ledger.retry(TrainingID(), by: "bob") == nil)
      try await finish(ledger, due[0])
      #expect(try await ledger.record(report(due[1], epoch(0, checkpoint: "checkpoint 0"))) == .accepted)
      #expect(try await ledger.record(report(due[1], .failed(kind: .invalid, reason: "No room."))) == .accepted)
      let failed = try #require(try await ledger.training(training))
      #expect(failed.state == .failed && failed.jobs.map(\.state) == [.done, .failed, .skipped, .skipped])
      // What a retry goes on from isn't swept, nor cleaned.
      try await bench.advance(by: .seconds(3600))
      #expect(try await ledger.supersededCheckpoints(olderThan: .seconds(60), limit: 9) == [])
      #expect(
        try await ledger.neededBlobs(imaginingTrimmed: []).folders
          == ["task", "checkpoint 0", "result 0"].map { LedgerBench.digest($0) }.reduce(into: []) { $0.insert($1) })

      #expect(try await ledger.retry(training, by: "bob") == [1, 2, 3])
      #expect(try await ledger.retry(training, by: "bob") == [])
      let again = try #require(try await ledger.training(training))
      #expect(again.state == .running && again.finishedAt == nil && again.board.failure == nil)
      #expect(again.jobs.map(\.state) == [.done, .ready, .waiting, .waiting] && again.jobs[1].setbacks == 0)
      #expect(again.jobs[0].result == LedgerBench.digest("result 0"))
      let second = try await handedOut(ledger)
      #expect(second.map(\.job.position) == [1] && second[0].job.attempt == 2)
      #expect(second[0].job.checkpoint == LedgerBench.digest("checkpoint 0") && second[0].job.checkpointEpochs == 1)
      #expect(try await ledger.record(report(due[1], .done(result: LedgerBench.digest("late")))) == .stale)
      try await finish(ledger, second[0])
      for position in [2, 3] {
        let next = try #require(try await handedOut(ledger).first)
        #expect(next.job.position == position)
        try await finish(ledger, next)
      }
      #expect(try await ledger.training(training)?.state == .completed)
      #expect(try await ledger.retry(training, by: "bob") == [])
      #expect(try await ledger.training(training)?.state == .completed)
    },
    LedgerLaw("a failed job may be retried while others of its training go on") { bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger, spec(["2d"]))
      let due = try await handedOut(ledger)
      #expect(try await ledger.record(report(due[0], .begun)) == .accepted)
      #expect(try await ledger.record(report(due[1], .failed(kind: .invalid, reason: "No room."))) == .accepted)
      #expect(try await ledger.retry(training, by: "bob") == [1, 2])
      #expect(try await ledger.training(training)?.jobs.map(\.state) == [.running, .ready, .waiting])
      #expect(try await ledger.record(report(due[0], .alive)) == .accepted)
    },
    LedgerLaw("a cancelled training is taken up where it was; what it needs is kept for a while") { bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger, spec(["2d"]))
      let due = try await handedOut(ledger)
      try await finish(ledger, due[0])
      #expect(try await ledger.record(report(due[1], epoch(0, checkpoint: "checkpoint 0"))) == .accepted)
      #expect(try await ledger.cancel(training, by: "alice") == .cancelled)
      let kept: Set<Digest> = [LedgerBench.digest("task"), LedgerBench.digest("checkpoint 0")]
      #expect(try await ledger.neededBlobs(imaginingTrimmed: []).folders.isSuperset(of: kept))
      #expect(try await ledger.retry(training, by: "bob") == [1, 2])
      #expect(try await ledger.training(training)?.jobs.map(\.state) == [.done, .ready, .waiting])
      // The trainer that was told to stop hasn't the job any more.
      #expect(try await ledger.record(report(due[1], epoch(1, checkpoint: "late"))) == .stale)
      let second = try #require(try await handedOut(ledger).first)
      #expect(second.job.checkpoint == LedgerBench.digest("checkpoint 0") && second.job.attempt == 2)
      #expect(try await ledger.cancel(training, by: "alice") == .cancelled)
      try await bench.advance(by: TrainingBoard.retryTime + .seconds(1))
      #expect(try await ledger.neededBlobs(imaginingTrimmed: []).folders == [LedgerBench.digest("result 0")])
    },
    LedgerLaw("what trainings do is seen at a glance: jobs by state, and what each trainer has come to") { bench in
      let ledger = try await bench.ledger()
      let empty = try await ledger.trainingOverview()
      #expect(empty.jobs == [] && empty.inWork == [])
      let training = try await submitted(ledger, spec(["2d"]))
      let due = try await handedOut(ledger, idle: 1)
      var seen = try await ledger.trainingOverview()
      #expect(seen.count(.queued) == 1 && seen.count(.ready, .waiting) == 2 && seen.inWork == [])
      #expect(try await ledger.record(report(due[0], .begun)) == .accepted)
      seen = try await ledger.trainingOverview()
      let begun = TrainingJobInWork(
        training: training, tenant: .default, task: "Task501_BrainTissue", model: "tissue", job: 0,
        work: .fold(configuration: "2d", fold: 0), epochs: 0, plannedEpochs: 4, worker: "host-1",
        handedOutAt: seen.inWork.first?.handedOutAt, latest: nil)
      #expect(seen.inWork == [begun] && begun.expectedEnd(at: seen.at) == nil)
      for number in 0..<3 {
        let checkpoint = number < 2 ? "c\(number)" : nil
        _ = try await ledger.record(report(due[0], epoch(number, loss: -Double(number), checkpoint: checkpoint)))
      }
      seen = try await ledger.trainingOverview()
      let job = try #require(seen.inWork.first)
      let latest = try #require(job.latest)
      #expect(job.epochs == 3 && latest.trainingLoss == -2 && latest.validationLoss == 0.25 && latest.dice == 0.5)
      #expect(latest.epochSeconds == 1.5 && abs(latest.at.timeIntervalSince(seen.at)) < 5)
      // One epoch is left.
      #expect(job.expectedEnd(at: latest.at) == latest.at + 1.5)
      #expect(job.expectedEnd(at: latest.at + 60) == latest.at + 60)
      // What its trainer expects to come after the last one counts, when that is over too.
      _ = try await ledger.record(report(due[0], epoch(2, loss: -2, finalSeconds: 40)))
      let validating = try #require(try await ledger.trainingOverview().inWork.first)
      let reported = try #require(validating.latest).at
      #expect(validating.finalSeconds == 40 && validating.expectedEnd(at: reported) == reported + 41.5)
      #expect(try await ledger.training(training)?.jobs[0].finalSeconds == 40)
      var trained = validating
      trained.epochs = 4
      #expect(trained.expectedEnd(at: reported) == reported + 40)
      trained.finalSeconds = nil
      #expect(trained.expectedEnd(at: reported) == nil)
      // What was trained after the last checkpoint and lost isn't counted.
      _ = try await ledger.record(report(due[0], .returned(checkpoint: nil, epochs: nil)))
      let second = try await handedOut(ledger, idle: 1)
      #expect(try await ledger.record(report(second[0], .begun, by: "host-2")) == .accepted)
      let again = try #require(try await ledger.trainingOverview().inWork.first)
      #expect(again.worker == "host-2" && again.epochs == 2 && again.latest?.trainingLoss == -1)
      try await finish(ledger, second[0], by: "host-2")
      seen = try await ledger.trainingOverview()
      #expect(seen.count(.done) == 1 && seen.inWork == [])
    },
    LedgerLaw("the end of a job that is taken up again after a wait is expected after it") { bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger, spec(["2d"], folds: [0]))
      let first = try #require(try await handedOut(ledger).first)
      let news = epoch(0, checkpoint: "checkpoint 0", finalSeconds: 3600)
      #expect(try await ledger.record(report(first, news)) == .accepted)
      #expect(try await ledger.cancel(training, by: "alice") == .cancelled)
      try await bench.advance(by: .seconds(5 * 86400))
      #expect(try await ledger.retry(training, by: "bob") == [0, 1])
      let second = try #require(try await handedOut(ledger).first)
      #expect(try await ledger.record(report(second, .begun, by: "host-2")) == .accepted)
      let seen = try await ledger.trainingOverview()
      let job = try #require(seen.inWork.first)
      let handedOut = try #require(job.handedOutAt)
      #expect(abs(handedOut.timeIntervalSince(seen.at)) < 60)
      #expect(try seen.at.timeIntervalSince(#require(job.latest).at) > 4 * 86400)
      // Three epochs are left, and what comes after them.
      #expect(job.expectedEnd(at: seen.at) == handedOut + 3 * 1.5 + 3600)
    },
    LedgerLaw("a model is registered with the report that brings it: a cancelled training leaves none") { bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger, spec(["2d"], folds: [0]))
      try await finish(ledger, try #require(try await handedOut(ledger).first))
      let choice = try #require(try await handedOut(ledger).first)
      let models = ["tissue/3d_lowres", "tissue"].map { name in
        ModelRecord(
          name: name, digest: LedgerBench.digest(name), configuration: "2d", trainer: "nnUNetTrainerV2", channels: 1,
          labels: [LabelName(label: 1, name: "grey")])
      }
      func chosen(_ due: DueTrainingJob) async throws -> TrainingReceipt {
        try await ledger.record(report(due, .done(result: LedgerBench.digest("choice"))), registering: models)
      }
      #expect(try await ledger.cancel(training, by: "alice") == .cancelled)
      #expect(try await chosen(choice) == .stale)
      #expect(try await ledger.models() == [])
      #expect(try await ledger.neededBlobs(imaginingTrimmed: []).manifests == [])
      #expect(try await ledger.retry(training, by: "bob") == [1])
      let again = try #require(try await handedOut(ledger).first)
      #expect(try await chosen(again) == .accepted)
      #expect(try await ledger.training(training)?.state == .completed)
      #expect(try await ledger.models() == models.reversed())
      // The name may have moved on when the same report comes a second time.
      try await ledger.register(LedgerBench.model)
      #expect(try await chosen(again) == .duplicate)
      #expect(try await ledger.model(named: "tissue") == LedgerBench.model)
    },
    LedgerLaw("who has cancelled a training and who has taken it up again is kept with it, if it changed something") {
      bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger, spec(["2d"]))
      let other = try await submitted(ledger, spec(["2d"]))
      #expect(try await ledger.training(training)?.acts == [])
      let due = try await handedOut(ledger, idle: 1)
      try await finish(ledger, due[0])
      #expect(try await ledger.retry(training, by: "carol") == [])
      let before = try await ledger.trainingOverview().at
      _ = try await ledger.cancel(training, by: "alice")
      _ = try await ledger.cancel(training, by: "carol")
      #expect(try await ledger.retry(training, by: "token o'\"brien") == [1, 2])
      _ = try await ledger.cancel(training, by: "alice")
      let acts = try #require(try await ledger.training(training)).acts
      #expect(acts.map(\.kind) == [.cancel, .retry, .cancel])
      #expect(acts.map(\.askedBy) == ["alice", "token o'\"brien", "alice"])
      #expect(acts.allSatisfy { $0.jobs == [1, 2] })
      let after = try await ledger.trainingOverview().at
      for act in acts { #expect(act.askedAt >= before - 0.01 && act.askedAt <= after + 0.01) }
      #expect(try await ledger.trainings(limit: 9).map(\.acts.count).sorted() == [0, 3])
      #expect(try await ledger.training(other)?.acts == [])
    },
    LedgerLaw("no trainer is wanted for what waits because its tenant is paused") { bench in
      let ledger = try await bench.ledger()
      let ward = try Tenant("ward-7")
      _ = try await submitted(ledger, spec(["2d"]), tenant: ward)
      #expect(try await ledger.trainingOverview().wantedTrainers == 2)
      let due = try await handedOut(ledger, idle: 1)
      _ = try await submitted(ledger, spec(["2d"]))
      #expect(try await ledger.trainingOverview().wantedTrainers == 4)
      try await ledger.pause(.tenant(ward))
      // What is on its way to a trainer, or with one, goes on.
      var seen = try await ledger.trainingOverview()
      #expect(seen.pausedJobs == 1 && seen.wantedTrainers == 3 && seen.count(.ready) == 3)
      _ = try await ledger.record(report(due[0], .begun))
      try await ledger.pause(.all)
      seen = try await ledger.trainingOverview()
      #expect(seen.pausedJobs == 3 && seen.wantedTrainers == 1)
      try await ledger.resume(.all)
      try await ledger.resume(.tenant(ward))
      try await ledger.pause(.model("tissue"))
      #expect(try await ledger.trainingOverview().wantedTrainers == 4)
    },
    LedgerLaw("trainings of a tenant that is paused wait") { bench in
      let ledger = try await bench.ledger()
      let ward = try Tenant("ward-7")
      _ = try await submitted(ledger, spec(["2d"], folds: [0]), tenant: ward)
      let other = try await submitted(ledger, spec(["2d"], folds: [0]))
      try await ledger.pause(.tenant(ward))
      #expect(try await handedOut(ledger).map(\.training) == [other])
      try await ledger.resume(.tenant(ward))
      #expect(try await handedOut(ledger).count == 1)
    },
    LedgerLaw("a checkpoint that a later one has replaced may go; what goes on from one is kept") { bench in
      let ledger = try await bench.ledger()
      let training = try await submitted(ledger, spec(["2d"], folds: [0]))
      let due = try #require(try await handedOut(ledger).first)
      for number in 0..<2 {
        _ = try await ledger.record(report(due, epoch(number, checkpoint: "checkpoint \(number)")))
      }
      let needed = try await ledger.neededBlobs(imaginingTrimmed: [])
      #expect(needed.folders == [LedgerBench.digest("task"), LedgerBench.digest("checkpoint 1")])
      #expect(needed.blobs.isSuperset(of: needed.folders))
      // What was put since the last report may be a checkpoint that the ledger hasn't heard of.
      #expect(try #require(needed.oldestOpenRun) < .seconds(10))
      try await bench.advance(by: .seconds(20))
      #expect(try #require(try await ledger.neededBlobs(imaginingTrimmed: []).oldestOpenRun) >= .seconds(20))
      #expect(try await ledger.supersededCheckpoints(olderThan: .seconds(60), limit: 9) == [])
      try await bench.advance(by: .seconds(60))
      let old = try await ledger.supersededCheckpoints(olderThan: .seconds(60), limit: 9)
      #expect(
        old == [
          SupersededCheckpoint(training: training, job: 0, epochs: 1, checkpoint: LedgerBench.digest("checkpoint 0"))
        ])
      try await ledger.noteRemoved(old)
      #expect(try await ledger.supersededCheckpoints(olderThan: .seconds(60), limit: 9) == [])
      try await finish(ledger, due)
      #expect(try await ledger.supersededCheckpoints(olderThan: .seconds(60), limit: 9).map(\.epochs) == [2])
      #expect(
        try await ledger.neededBlobs(imaginingTrimmed: []).folders == [
          LedgerBench.digest("task"), LedgerBench.digest("result 0"),
        ])
    },
    LedgerLaw("of many reports at once each counts once, in whatever order they are written") { bench in
      let ledgers = [try await bench.ledger(), try await bench.ledger(), try await bench.ledger()]
      let training = try await submitted(ledgers[0], spec(["2d"], folds: [0, 1]))
      let due = try await handedOut(ledgers[0])
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, job) in due.enumerated() {
          for number in 0..<4 {
            group.addTask {
              let ledger = ledgers[(index + number) % 3]
              let receipt = try await ledger.record(report(job, epoch(number, checkpoint: "c\(number)")))
              #expect(receipt == .accepted)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await ledgers[0].curves(of: training).count == 8)
      for job in due {
        let record = try #require(try await ledgers[1].training(training)).jobs[job.job.position]
        #expect(record.epochs == 4 && record.checkpoint == LedgerBench.digest("c3") && record.checkpointEpochs == 4)
      }
    },
  ]
}
