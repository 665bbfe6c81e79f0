// SPDX-License-Identifier: Apache-2.0
//
// The fields of a row by name (docs/batch.md): the same for JSON objects and for the columns of a CSV file.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>

#include "batch/row.h"

namespace sterna::batch {

enum class FieldKind : uint8_t {
  kText,       // a cell is the value
  kJson,       // a cell is a number, true, false, or an object or list as JSON
  kTextOrJson  // a cell that begins with [ is a list as JSON, else a text
};
// nullopt for a name that means nothing.
std::optional<FieldKind> KindOfField(std::string_view name);
// Whether a row may carry this field although it says nothing about the answer: what batch itself writes, and the
// envelope of other tools.
bool IsIgnoredField(std::string_view name);

// A row from a text (its prompt) or an object; what it does not say is as in `defaults`. A wrong field is the row's
// status, not an error of the call. Names that mean nothing are added to `unknown`.
Row RowFromJson(const nlohmann::json& value, const Row& defaults, std::set<std::string>& unknown);

}  // namespace sterna::batch
