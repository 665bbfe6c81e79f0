// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "grammar/rule_states.h"
#include "grammar/syntax.h"
#include "grammar/utf8_sequences.h"
#include "sterna/status.h"

namespace sterna::grammar {

using StateId = uint32_t;

// A grammar made to run: the states of all its rules. Every step leads to where some text can end the answer, so what
// was read so far is always the begin of a text of the grammar. Immutable.
class Automaton {
 public:
  struct ByteStep {
    ByteRange bytes;
    StateId target = 0;
  };
  struct CallStep {
    StateId begin = 0;   // of the rule that is read
    StateId target = 0;  // where it goes on behind that rule
    bool last = false;   // nothing but the end follows in the calling rule: it need not be returned to
  };

  // InvalidArgument, with the place, for left recursion and for a grammar that no text satisfies; ResourceExhausted
  // over a limit of limits.h.
  static Result<Automaton> Compile(const Syntax& syntax);

  StateId begin() const { return begin_; }
  size_t state_count() const { return final_.size(); }
  std::span<const ByteStep> byte_steps(StateId state) const {
    return std::span(byte_steps_)
        .subspan(first_byte_step_[state], first_byte_step_[state + 1] - first_byte_step_[state]);
  }
  std::span<const CallStep> call_steps(StateId state) const {
    return std::span(call_steps_)
        .subspan(first_call_step_[state], first_call_step_[state + 1] - first_call_step_[state]);
  }
  bool final(StateId state) const { return final_[state]; }

  // Bytes of one class are never told apart.
  uint8_t class_of(uint8_t byte) const { return class_of_[byte]; }
  size_t class_count() const { return class_count_; }

 private:
  void Append(const std::vector<RuleStates>& rules, const std::vector<StateId>& first_state,
              const std::vector<bool>& live);
  void FindClasses();

  StateId begin_ = 0;
  std::vector<uint32_t> first_byte_step_, first_call_step_;  // of each state, and the end
  std::vector<ByteStep> byte_steps_;
  std::vector<CallStep> call_steps_;
  std::vector<bool> final_;
  std::array<uint8_t, 256> class_of_{};
  size_t class_count_ = 1;
};

}  // namespace sterna::grammar
