// The kernels of volume_kernels.h, written once and compiled for each instruction set by the file that includes this one.

#include "volume_kernels.h"

#include "vectors.inc.h"

#include "lines.inc.h"
#include "rows.inc.h"
#include "sums.inc.h"
