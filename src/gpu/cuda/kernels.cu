// SPDX-License-Identifier: Apache-2.0
//
// Every kernel, compiled by nvcc (docs/gpu.md gives the options).
#include "gpu/kernels/norm.h"
#include "gpu/kernels/quantize.h"
#include "gpu/kernels/ternary_rows.h"
#include "gpu/kernels/ternary_tile.h"
