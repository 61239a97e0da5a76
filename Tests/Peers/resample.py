"""skimage.transform.resize of an image that Tessera has resampled: seconds, and the largest difference.

    python resample.py FOLDER Z Y X  NEW_Z NEW_Y NEW_X      input.f32 and output.f32 are in FOLDER
"""
import json
import sys
import time

import numpy as np
import skimage
from skimage.transform import resize

folder = sys.argv[1]
shape = [int(a) for a in sys.argv[2:8]]
image = np.fromfile(folder + "/input.f32", np.float32).reshape(shape[:3])
ours = np.fromfile(folder + "/output.f32", np.float32).reshape(shape[3:])
start, cpu = time.perf_counter(), time.process_time()
theirs = resize(image.astype(float), shape[3:], 3, cval=0, mode="edge", anti_aliasing=False).astype(np.float32)
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
print(json.dumps({
    "seconds": seconds, "cpu_seconds": cpu, "largest_difference": float(np.abs(theirs.astype(float) - ours).max()),
    "value_range": float(image.max()) - float(image.min()), "version": "scikit-image " + skimage.__version__}))
