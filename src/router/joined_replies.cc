// SPDX-License-Identifier: Apache-2.0
#include "router/joined_replies.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "server/api_error.h"
#include "server/json_fields.h"

namespace sterna::router {
namespace {

using server::HttpReply;
using server::Json;

constexpr const char* kNoInstance = "no instance answers; they are being started again";

// Whatever a reply holds; null when it is missing or no JSON.
Json BodyOf(const std::optional<HttpReply>& reply) {
  if (!reply) return {};
  Json body = Json::parse(reply->body, nullptr, /*allow_exceptions=*/false);
  return body.is_discarded() ? Json() : body;
}

HttpReply JsonReply(const Json& body) { return {.body = server::Dump(body), .headers = {}}; }

// Why an instance is not as it should be, each with its name; nothing of one that has nothing to say.
Json ReasonsOf(const Replies& replies) {
  Json reasons = Json::array();
  for (size_t i = 0; i < replies.size(); ++i) {
    const Json body = BodyOf(replies[i]);
    const auto add = [&](const std::string& reason) { reasons.push_back(fmt::format("instance {}: {}", i, reason)); };
    if (!body.is_object()) {
      add("it is being started again, or does not answer");
      continue;
    }
    const Json list = body.value("reasons", Json::array());
    for (const Json& reason : list) add(reason.is_string() ? reason.get<std::string>() : reason.dump());
    if (body.contains("error") && body["error"].is_object()) add(body["error"].value("message", "unknown"));
  }
  return reasons;
}

size_t CountWell(const Replies& replies) {
  size_t count = 0;
  for (const auto& reply : replies) count += reply && reply->status == 200 ? 1 : 0;
  return count;
}

}  // namespace

HttpReply JoinHealth(const Replies& replies) {
  const Json reasons = ReasonsOf(replies);
  if (reasons.empty()) return JsonReply({{"status", "ok"}});
  const bool some = CountWell(replies) > 0;
  HttpReply reply = JsonReply({{"status", some ? "degraded" : "unhealthy"}, {"reasons", reasons}});
  if (!some) reply.status = 503;
  return reply;
}

HttpReply JoinReady(const Replies& replies) {
  const Json reasons = ReasonsOf(replies);
  if (CountWell(replies) == 0) {
    std::string text;
    for (const Json& reason : reasons) text += (text.empty() ? "" : "; ") + reason.get<std::string>();
    return server::ErrorReply(503, text);
  }
  Json body = {{"status", "ready"}};
  if (!reasons.empty()) body["reasons"] = reasons;
  return JsonReply(body);
}

HttpReply JoinSlots(const Replies& replies) {
  if (CountWell(replies) == 0) return server::ErrorReply(503, kNoInstance);
  Json joined = Json::array();
  for (size_t i = 0; i < replies.size(); ++i) {
    Json slots = BodyOf(replies[i]);
    if (!slots.is_array()) continue;
    for (Json& slot : slots) {
      slot["id"] = joined.size();
      slot["instance"] = i;
      joined.push_back(std::move(slot));
    }
  }
  return JsonReply(joined);
}

HttpReply JoinProps(const Replies& replies) {
  Json joined;
  uint64_t slots = 0;
  for (const auto& reply : replies) {
    Json body = BodyOf(reply);
    if (!body.is_object() || reply->status != 200) continue;
    slots += body.value("total_slots", uint64_t{0});
    if (joined.is_null()) joined = std::move(body);
  }
  if (joined.is_null()) return server::ErrorReply(503, kNoInstance);
  joined["total_slots"] = slots;
  return JsonReply(joined);
}

}  // namespace sterna::router
