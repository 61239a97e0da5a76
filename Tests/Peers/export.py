"""nnU-Net's export of probabilities that Tessera has exported: seconds and peak memory; the label map goes to peer.nii.gz.

    python export.py FOLDER CLASSES  NET_Z NET_Y NET_X  Z Y X  NET_SPACING_Z Y X  SPACING_Z Y X     probabilities.f32 is in FOLDER
"""
import importlib.metadata
import json
import resource
import sys
import time

import numpy as np
from nnunet.inference.segmentation_export import save_segmentation_nifti_from_softmax

folder, classes = sys.argv[1], int(sys.argv[2])
network = [int(a) for a in sys.argv[3:6]]
image = [int(a) for a in sys.argv[6:9]]
network_spacing = [float(a) for a in sys.argv[9:12]]
spacing = [float(a) for a in sys.argv[12:15]]
softmax = np.fromfile(folder + "/probabilities.f32", np.float32).reshape([classes] + network)
properties = {
    "original_size_of_raw_data": np.array(image), "size_after_cropping": tuple(image),
    "crop_bbox": [[0, n] for n in image], "original_spacing": np.array(spacing),
    "spacing_after_resampling": np.array(network_spacing), "itk_spacing": tuple(reversed(spacing)),
    "itk_origin": (0.0, 0.0, 0.0), "itk_direction": (1.0, 0, 0, 0, 1, 0, 0, 0, 1)}
start, cpu = time.perf_counter(), time.process_time()
save_segmentation_nifti_from_softmax(softmax, folder + "/peer.nii.gz", properties, 1, verbose=False)
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
print(json.dumps({
    "seconds": seconds, "cpu_seconds": cpu, "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "version": "nnunet " + importlib.metadata.version("nnunet")}))
