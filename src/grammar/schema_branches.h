// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "grammar/schema_context.h"
#include "grammar/schema_keywords.h"

namespace sterna::grammar {

// `oneOf` allows what exactly one branch does: supported where no value can satisfy two, by their types, their
// constants, or those of a property that both require. InvalidArgument naming two branches that may both hold.
Status CheckBranchesDiffer(std::span<const SchemaPlace> branches, const JsonNode& root);

// InvalidArgument unless the branch says a type, and only ones among `types`.
Status CheckTypesInside(const SchemaPlace& branch, TypeSet types);

}  // namespace sterna::grammar
