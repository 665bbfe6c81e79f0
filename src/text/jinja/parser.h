// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sterna/status.h"
#include "text/jinja/ast.h"

namespace sterna::text::jinja {

inline constexpr size_t kMaxSourceBytes = size_t{1} << 20;
inline constexpr uint32_t kMaxNesting = 100;  // of blocks in blocks, and of expressions in expressions

// The tree of a template. Corrupt for what is no template, Unsupported for what this engine does not run, and
// ResourceExhausted for one that is too long or nested too
// deeply; each names the line.
Result<Block> Parse(std::string_view source);

}  // namespace sterna::text::jinja
