#include "../dispatch.inc.h"

#include "gradient_kernels.h"

DISPATCH(gradient, has_instruction_set_and_fma)
