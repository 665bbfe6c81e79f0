// SPDX-License-Identifier: Apache-2.0
#include "engine/constrained_draw.h"

#include <bit>
#include <limits>
#include <utility>

#include "base/status_macros.h"

namespace sterna::engine {
namespace {

constexpr float kBanned = -std::numeric_limits<float>::infinity();

// Words of 64 tokens: most are all allowed or, as often, all banned.
void BanAll(const grammar::TokenSet& allowed, std::span<float> logits) {
  const std::span<const uint64_t> words = allowed.words();
  for (size_t word = 0; word < words.size(); ++word) {
    for (uint64_t banned = ~words[word]; banned != 0; banned &= banned - 1) {
      const size_t token = word * 64 + size_t(std::countr_zero(banned));
      if (token < logits.size()) logits[token] = kBanned;
    }
  }
}

}  // namespace

ConstrainedDraw::ConstrainedDraw(const std::shared_ptr<const grammar::Constraint>& constraint)
    : matcher_(constraint), allowed_(constraint->tree().vocabulary_size()) {}

Result<std::span<const uint64_t>> ConstrainedDraw::Allowed() {
  if (!known_) STERNA_RETURN_IF_ERROR(matcher_.Allowed(allowed_));
  known_ = true;
  return std::as_const(allowed_).words();
}

Status ConstrainedDraw::Ban(const backend::LogitRow& row) {
  STERNA_RETURN_IF_ERROR(Allowed().status());
  if (row.all) {
    BanAll(allowed_, row.logits);
    return {};
  }
  for (size_t i = 0; i < row.ids.size(); ++i) {
    if (!allowed_.Holds(row.ids[i])) row.logits[i] = kBanned;
  }
  return {};
}

}  // namespace sterna::engine
