// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "grammar/syntax.h"

namespace sterna::grammar {

// Takes the rules of `other` into `syntax`, where they stay apart from those that are there; what its root matches.
ExpressionId IncludeSyntax(const Syntax& other, Syntax& syntax);

}  // namespace sterna::grammar
