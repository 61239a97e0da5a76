#include "../dispatch.inc.h"

#include "volume_kernels.h"

DISPATCH(volume, has_instruction_set)
