// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "server/api_context.h"
#include "server/generation.h"
#include "server/http_types.h"
#include "server/in_flight.h"
#include "server/json_fields.h"

namespace sterna::server {

// What a client wants vectors of.
struct EmbeddingRequest {
  std::vector<std::vector<text::TokenId>> inputs;
  bool base64 = false;  // little-endian float32 in base64, not numbers
  std::string model;
};

// InvalidArgument names the field that is wrong.
Result<EmbeddingRequest> ReadEmbeddingRequest(const Json& body, const ApiContext& context);

// Computes the vectors, a few at a time, and writes them to `responder` together.
void Embed(EmbeddingRequest request, const ApiContext& context, const RequestOrigin& origin, InFlight& in_flight,
           std::shared_ptr<Responder> responder);

}  // namespace sterna::server
