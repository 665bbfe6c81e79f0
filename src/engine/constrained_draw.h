// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "backend/backend.h"
#include "grammar/constraint.h"
#include "sterna/status.h"

namespace sterna::engine {

// Keeps the draws of one request to what its constraint allows. Allocates while it runs, unlike the rest of a request.
class ConstrainedDraw {
 public:
  explicit ConstrainedDraw(const std::shared_ptr<const grammar::Constraint>& constraint);

  Status Begin() {
    known_ = false;
    return matcher_.Begin();
  }
  // The tokens that may come next, a bit each as in backend::LogitNeed; valid until Accept.
  Result<std::span<const uint64_t>> Allowed();
  // Sets the logits of tokens that may not come next to minus infinity.
  Status Ban(const backend::LogitRow& row);
  // The token that was drawn.
  Status Accept(text::TokenId token) {
    known_ = false;
    return matcher_.Accept(token);
  }
  // Nothing can follow but the end: no token need be drawn for it.
  bool Complete() const { return matcher_.MustEnd(); }

 private:
  grammar::Matcher matcher_;
  grammar::TokenSet allowed_;
  bool known_ = false;  // allowed_ is of what was read so far
};

}  // namespace sterna::engine
