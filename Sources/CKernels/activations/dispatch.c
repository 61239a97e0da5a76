#include "../dispatch.inc.h"

DISPATCH(activation, has_instruction_set)
