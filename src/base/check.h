// SPDX-License-Identifier: Apache-2.0
//
// STERNA_DCHECK: a programmer's error, checked in debug and sanitizer builds only; never reachable from input.
#pragma once

#include <cstdlib>

#ifdef STERNA_ENABLE_DCHECK
#define STERNA_DCHECK(condition) ((condition) ? void(0) : std::abort())
#else
#define STERNA_DCHECK(condition) void(sizeof(!(condition)))
#endif
