public import FleetContracts
internal import Foundation

extension InMemoryLedger {
  public func trainingOverview() async throws -> TrainingOverview {
    let jobs = trainings.flatMap(\.record.jobs)
    let counts = TrainingJobState.allCases.map { state in
      TrainingOverview.JobCount(state: state, count: jobs.count { $0.state == state })
    }
    let paused = trainings.filter { isPaused($0.record.tenant) }.flatMap(\.record.jobs)
    return TrainingOverview(
      at: trainingTime, jobs: counts.filter { $0.count > 0 },
      inWork: Array(trainings.flatMap(\.jobsInWork).prefix(TrainingOverview.mostJobs)),
      pausedJobs: paused.count { $0.state == .ready })
  }
}

extension KeptTraining {
  fileprivate var jobsInWork: [TrainingJobInWork] {
    record.jobs.filter { $0.state == .running }.map { job in
      TrainingJobInWork(
        training: record.id, tenant: record.tenant, task: record.spec.task, model: record.spec.model,
        job: job.position, work: job.work, epochs: job.epochs, plannedEpochs: record.spec.epochs,
        finalSeconds: job.finalSeconds, worker: job.worker ?? "", handedOutAt: job.publishedAt, latest: latest(of: job))
    }
  }

  private func latest(of job: TrainingJobRecord) -> TrainingJobInWork.Latest? {
    let trained = curve.filter { $0.job == job.position && $0.epoch.epoch < job.epochs }
      .sorted { $0.epoch.epoch < $1.epoch.epoch }.suffix(TrainingJobInWork.window)
    guard let last = trained.last, let reported = reportedAt[last.job]?[last.epoch.epoch] else { return nil }
    return TrainingJobInWork.Latest(
      trainingLoss: last.epoch.trainingLoss, validationLoss: last.epoch.validationLoss, dice: last.epoch.dice,
      epochSeconds: trained.reduce(0) { $0 + $1.epoch.seconds } / Double(trained.count), at: reported)
  }
}
