// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/engine.h"
#include "sample/sampler.h"
#include "sterna/config.h"

namespace sterna::api {

// What the engine is told by a configuration. A device that is not there becomes the fallback, with one warning in the
// log; without a fallback it is Unavailable. InvalidArgument for values out of range.
Result<engine::EngineOptions> ToEngineOptions(const Config& config);

// How a token is drawn; a request's own settings replace fields before.
sample::SamplingParams ToSamplingParams(const GenerationConfig& config);

// The device that layers run on, by `device` and `fallback_device`. Unavailable without a way out.
Result<Device> ChooseDevice(const EngineConfig& config);

}  // namespace sterna::api
