// SPDX-License-Identifier: Apache-2.0
//
// What all instances say, as one reply. A reply that is missing: the instance is not there now, or did not answer in
// time. Pure.
#pragma once

#include <optional>
#include <vector>

#include "server/http_types.h"

namespace sterna::router {

using Replies = std::vector<std::optional<server::HttpReply>>;  // by instance

// Well where all are; 503 where nobody is well enough to answer; degraded, with reasons, between.
server::HttpReply JoinHealth(const Replies& replies);
// Ready where one is.
server::HttpReply JoinReady(const Replies& replies);
// One list; "id" counts on, "instance" says whose.
server::HttpReply JoinSlots(const Replies& replies);
// Those of the first; "total_slots" of all.
server::HttpReply JoinProps(const Replies& replies);

}  // namespace sterna::router
