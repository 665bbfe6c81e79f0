// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model_flags.h"
#include "router/instance_role.h"
#include "sterna/status.h"

namespace sterna::cli {

// Whether this machine's cores and the memory limits can be shared by so many. InvalidArgument when they cannot.
Status CheckShares(const ModelFlags& flags, uint32_t instances);

// Makes the flags those of one instance: its share of threads and of the memory limits, weights that are shared where
// they can be, a profile of its own.
Status TakeShare(ModelFlags& flags, const router::InstanceRole& role);

}  // namespace sterna::cli
