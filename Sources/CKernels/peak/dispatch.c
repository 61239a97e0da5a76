#include "../dispatch.inc.h"

#include "peak_kernels.h"

DISPATCH(peak, has_instruction_set_and_fma)
