// SPDX-License-Identifier: Apache-2.0
//
// All of Sterna's public interface.
#pragma once

#include "sterna/config.h"
#include "sterna/device.h"
#include "sterna/engine.h"
#include "sterna/memory.h"
#include "sterna/profiling.h"
#include "sterna/status.h"
