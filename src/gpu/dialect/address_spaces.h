// SPDX-License-Identifier: Apache-2.0
//
// Where data lies, as the kernels' argument structs need to say it (dialect.h). On a host and in CUDA a pointer is a
// pointer.
#pragma once

#if defined(__METAL_VERSION__)
#define STERNA_GLOBAL device
#define STERNA_SHARED threadgroup
#define STERNA_LOCAL thread
#define STERNA_CONSTANT constexpr constant
#else
#include <stdint.h>

#define STERNA_GLOBAL
#define STERNA_SHARED
#define STERNA_LOCAL
#define STERNA_CONSTANT constexpr
#endif
