// SPDX-License-Identifier: Apache-2.0
//
// Chat templates as model files carry them: Jinja, as Hugging Face runs it. docs/chat-templates.md says what is
// supported. Templates are hostile input: whatever they hold, compiling and rendering end with a text or a Status, soon
// and within bounds of stack, memory and output.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sterna/status.h"
#include "text/jinja/ast.h"
#include "text/jinja/heap.h"
#include "text/jinja/marked_text.h"
#include "text/jinja/runtime.h"

namespace sterna::text::jinja {

// What a caller hands to a template: a tree like JSON. Strings say whether they may become control tokens.
struct Data {
  struct Member;
  using Array = std::vector<Data>;
  using Object = std::vector<Member>;  // names are trusted as the object is

  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value;
  bool trusted = false;
};
struct Data::Member {
  std::string name;
  Data value;
};
using Variables = std::vector<std::pair<std::string, Data>>;

// Immutable, so that any number of threads may share one.
class Template {
 public:
  // Corrupt, Unsupported or ResourceExhausted, naming the line.
  static Result<Template> Compile(std::string_view source);

  // strftime_now is there when the time is given. The limits on values and output grow with the variables' size.
  // InvalidArgument also where the template refuses the variables (raise_exception).
  Result<MarkedText> Render(const Variables& variables, std::optional<CivilTime> now = std::nullopt,
                            Limits limits = {}) const;

 private:
  explicit Template(Block block) : block_(std::move(block)) {}
  Block block_;
};

}  // namespace sterna::text::jinja
