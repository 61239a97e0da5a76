// Tessera's kernels in C: what needs SIMD or a thread at a time that Swift doesn't give.
#pragma once
#include "activation_kernels.h"
#include "compute_pool.h"
#include "gradient_kernels.h"
#include "half_kernels.h"
#include "peak_kernels.h"
#include "product_kernels.h"
#include "sampling_kernels.h"
#include "volume_kernels.h"
#include "winograd_kernels.h"
