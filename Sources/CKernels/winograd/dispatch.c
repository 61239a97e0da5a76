#include "../dispatch.inc.h"

#include "winograd_kernels.h"

DISPATCH(winograd, has_instruction_set_and_fma)
