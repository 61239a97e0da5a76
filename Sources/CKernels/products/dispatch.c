#include "../dispatch.inc.h"

#include "product_kernels.h"

DISPATCH(product, has_instruction_set_and_fma)
