// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "server/generation_request.h"
#include "server/http_types.h"
#include "server/in_flight.h"

namespace sterna::server {

// Where a request came from.
struct RequestOrigin {
  std::string id;                                            // of the request
  std::string client;                                        // for fairness
  std::vector<std::pair<std::string, std::string>> headers;  // of every reply
};

// Submits the answers that a request asks for and returns; they are written to `responder` as they come, or together at
// the end. A client that went away ends them within a step.
void Generate(GenerationRequest request, const ApiContext& context, const RequestOrigin& origin, InFlight& in_flight,
              std::shared_ptr<Responder> responder);

}  // namespace sterna::server
