internal import Foundation
internal import LabelFolders
internal import PythonJSON

/// nnU-Net's `debug.json`: what decides about a training, by the names of the trainer's attributes, as texts
/// (nnUNetTrainer.save_debug_information).
struct DebugFile {
  private var entries: [String: String]

  init(_ fold: FoldFolder, schedule: TrainingSchedule, seed: UInt64, threads: Int) {
    let setup = fold.setup
    entries = [
      "experiment_name": setup.trainer.name, "fold": fold.fold.folder, "stage": "\(setup.stage)",
      "plans_file": setup.plansFile.path, "output_folder": fold.url.path,
      "output_folder_base": setup.modelFolder.path, "dataset_directory": setup.datasetFolder.path,
      "folder_with_preprocessed_data": setup.stageFolder.path, "batch_dice": setup.batchDice ? "True" : "False",
      "batch_size": "\(setup.batchSize)", "patch_size": "\(setup.network.patch)",
      "num_input_channels": "\(setup.network.inputChannels)", "num_classes": "\(setup.network.outputChannels)",
      "base_num_features": "\(setup.plans.baseFeatures)", "conv_per_stage": "\(setup.network.blocksPerLevel)",
      "net_num_pool_op_kernel_sizes": "\(setup.network.strides)", "net_conv_kernel_sizes": "\(setup.network.kernels)",
      "do_dummy_2D_aug": setup.augmentsSlices ? "True" : "False",
      "max_num_epochs": "\(schedule.epochs)", "num_batches_per_epoch": "\(schedule.iterations)",
      "num_val_batches_per_epoch": "\(schedule.validationIterations)", "fp16": "False", "deterministic": "True",
      "seed": "\(seed)", "threads": "\(threads)", "software": "tessera",
    ]
  }

  func write(to file: URL) throws {
    try FileWriting.write(JSONValue.object(entries.mapValues { .string($0) }).serialized(), to: file)
  }
}
