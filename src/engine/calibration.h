// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "backend/outlier_handling.h"
#include "engine/engine.h"

namespace sterna::engine {

struct EngineCore;

// Has activations become int8 by scales that are read, or measured here and now, as ActivationOptions say. Before any
// request. Errors as Engine::Load.
Status UseMeasuredScales(Engine& engine, EngineCore& core);

// What the backend does about outliers: a percentile is one of a row only where rows have their own scales.
backend::OutlierHandling RowOutliers(const ActivationOptions& options);

}  // namespace sterna::engine
