#include "agent/link/key_change.h"

#include <nlohmann/json.hpp>

#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

bool coordinator_moved(const std::string& state, const std::string& configured) {
  const Result<std::string> from = io::read_file(state + "/moved_from", 4096);
  return from && *from == configured + "\n";
}

KeyChange::KeyChange(std::string state, std::string configured, net::CurveKeys keys,
                     LinkAddress address, Random& random)
    : state_(std::move(state)),
      configured_(std::move(configured)),
      keys_(std::move(keys)),
      address_(std::move(address)),
      random_(random) {}

Result<KeyChange::Next> KeyChange::say_new_key() {
  // On disk before the coordinator hears of it: a crash must not leave it with a key nobody has.
  const net::CurveKeys fresh = TRY(net::load_or_create_curve_keys(path("curve.key.next")));
  asked_ = RequestId::random(random_);
  return Next{wire::Command{asked_, "key-replace", {{"key", fresh.public_key}}}, false};
}

Result<KeyChange::Next> KeyChange::connected() {
  if (!io::exists(path("curve.key.next"))) return Next{};
  return say_new_key();
}

Result<void> KeyChange::move_to(const LinkAddress& address) {
  TRY(io::write_file_atomic(path("server.key"), address.server_key + "\n", 0600));
  TRY(io::write_file_atomic(path("coordinator"), address.control + "\n", 0600));
  TRY(io::write_file_atomic(path("bulk"), address.bulk + "\n", 0600));
  TRY(io::write_file_atomic(path("moved_from"), configured_ + "\n", 0600));
  address_ = address;
  return {};
}

Result<KeyChange::Next> KeyChange::take(const wire::QueryReply& reply) {
  if (!asked_.empty() && reply.request == asked_) {
    asked_ = RequestId();
    if (reply.error) {
      TRY(io::remove_file(path("curve.key.next")));
      return reply.error->within("the new key was refused");
    }
    TRY(io::move_file(path("curve.key.next"), path("curve.key"), CancelToken()));
    TRY(io::sync_directory(state_));
    keys_ = TRY(net::load_or_create_curve_keys(path("curve.key")));
    log::info("this agent has a new key", {{"public_key", keys_.public_key}});
    return Next{std::nullopt, true};
  }
  const json document = json::parse(reply.json, nullptr, false);
  const auto said = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || said == document.end() || !said->is_object()) return Next{};
  if (const auto door = said->find("door"); door != said->end() && door->is_object()) {
    const LinkAddress there{text_of(*door, "control"), text_of(*door, "bulk"),
                            text_of(*door, "server_key")};
    if (!there.control.empty() && !there.bulk.empty() && there.server_key.size() == 40 &&
        there.server_key != address_.server_key) {
      TRY(move_to(there));
      log::info("the coordinator has a new key", {{"control", there.control}});
      return Next{std::nullopt, true};
    }
  }
  if (said->value("renew", json()) == json(true) && asked_.empty()) return say_new_key();
  return Next{};
}

}  // namespace farm::agent
