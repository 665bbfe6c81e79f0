// SPDX-License-Identifier: Apache-2.0
//
// Every kernel, for Metal's compiler (docs/gpu.md says what of it is checked here).
#include "gpu/kernels/attention.h"
#include "gpu/kernels/dense.h"
#include "gpu/kernels/elementwise.h"
#include "gpu/kernels/largest.h"
#include "gpu/kernels/norm.h"
#include "gpu/kernels/quantize.h"
#include "gpu/kernels/ternary_rows.h"
#include "gpu/kernels/ternary_tile.h"
