// SPDX-License-Identifier: Apache-2.0
//
// What a grammar may take. All texts come from users, so each of them has a bound.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sterna::grammar {

inline constexpr size_t kMaxTextBytes = size_t(1) << 20;     // of a grammar or a schema
inline constexpr uint32_t kMaxNesting = 128;                 // of groups in a grammar, of brackets in a schema
inline constexpr size_t kMaxRules = 20'000;                  // of one grammar
inline constexpr uint32_t kMaxRepetitions = 65'536;          // the largest number in {m,n}
inline constexpr size_t kMaxStates = size_t(1) << 18;        // of the automaton, and of one rule as it is written
inline constexpr size_t kMaxSubsetWork = size_t(1) << 22;    // steps to make the states of one rule
inline constexpr size_t kMaxReadings = 1024;                 // ways to read a text that are followed at once
inline constexpr uint32_t kMaxDepth = 4096;                  // rules inside rules, while a text is matched
inline constexpr size_t kMaxFrames = size_t(1) << 20;        // of all stacks that one answer met
inline constexpr size_t kMaxVisits = size_t(1) << 25;        // of nodes of the vocabulary's tree, for one mask
inline constexpr size_t kMaxLocalBytes = size_t(96) << 20;   // of what is found out while one mask is made
inline constexpr size_t kMaskCacheBytes = size_t(48) << 20;  // of one grammar; emptied when full

}  // namespace sterna::grammar
