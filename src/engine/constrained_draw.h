// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "backend/backend.h"
#include "grammar/constraint.h"
#include "sterna/status.h"

namespace sterna::engine {

// Keeps the draws of one request to what its constraint allows. Allocates while it runs, unlike the rest of a request.
class ConstrainedDraw {
 public:
  explicit ConstrainedDraw(const std::shared_ptr<const grammar::Constraint>& constraint);

  Status Begin() { return matcher_.Begin(); }
  // Sets the logits of tokens that may not come next to minus infinity.
  Status Ban(const backend::LogitRow& row);
  // The token that was drawn.
  Status Accept(text::TokenId token) { return matcher_.Accept(token); }
  // Nothing can follow but the end: no token need be drawn for it.
  bool Complete() const { return matcher_.MustEnd(); }

 private:
  grammar::Matcher matcher_;
  grammar::TokenSet allowed_;
};

}  // namespace sterna::engine
