// The kernels of winograd_kernels.h, written once and compiled for each instruction set by the file that includes this one.

#include "../channel_vectors.inc.h"
#include "winograd_kernels.h"

#include "axes.inc.h"
#include "depths.inc.h"
#include "planes.inc.h"
#include "weights.inc.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define WINOGRAD_KERNELS {COUNT(planes), planes, COUNT(depths), depths, transform_weights}
