#include "coordinator/reactor/doors.h"

#include <unistd.h>

#include "common/io/files.h"

namespace farm::coordinator {
namespace {

constexpr int kBulkHighWater = 64;  // frames of up to 4 MiB per connection
constexpr int kControlHighWater = 1000;

std::string plan_path(const std::string& data) { return data + "/doors"; }

/// Where others reach what is bound at `endpoint` ("tcp://HOST:PORT").
std::string announced(const std::string& endpoint, const std::string& advertise) {
  const size_t host = endpoint.find("://") + 3;
  const size_t colon = endpoint.rfind(':');
  std::string name = endpoint.substr(host, colon - host);
  if (!advertise.empty()) {
    name = advertise;
  } else if (name == "0.0.0.0" || name == "[::]" || name == "*") {
    char own[256] = {};
    if (::gethostname(own, sizeof own - 1) == 0) name = own;
  }
  return endpoint.substr(0, host) + name + endpoint.substr(colon);
}

}  // namespace

Result<DoorPlan> load_door_plan(const std::string& data) {
  const Result<std::string> text = io::read_file(plan_path(data), 64);
  if (!text) {
    if (text.error().code == ErrorCode::NotFound) return DoorPlan{};
    return text.error();
  }
  for (size_t door = 0; door < kDoors; ++door) {
    const std::string number = std::to_string(door);
    if (*text == number + "\n") return DoorPlan{door, false};
    if (*text == number + " moving\n") return DoorPlan{door, true};
  }
  return corrupt(plan_path(data) + " does not say which endpoints are in use");
}

Result<void> save_door_plan(const std::string& data, const DoorPlan& plan) {
  return io::write_file_atomic(
      plan_path(data), std::to_string(plan.current) + (plan.moving ? " moving\n" : "\n"), 0600);
}

std::string door_key_path(const std::string& data, size_t door) {
  return data + (door == 0 ? "/curve.key" : "/curve.1.key");
}

Result<Door> open_door(net::ZmqContext& context, const ServerConfig& config, size_t index) {
  net::CurveKeys keys = TRY(net::load_or_create_curve_keys(door_key_path(config.data, index)));
  const bool first = index == 0;
  net::Router control =
      TRY(net::Router::bind(context, first ? config.control : config.next_control, keys.secret_key,
                            kFarmDomain, kControlHighWater));
  net::Router bulk =
      TRY(net::Router::bind(context, first ? config.bulk : config.next_bulk, keys.secret_key,
                            kFarmDomain, kBulkHighWater));
  net::Router enroll =
      TRY(net::Router::bind(context, first ? config.enroll : config.next_enroll, keys.secret_key,
                            kEnrollDomain, kControlHighWater));
  wire::JoinToken join{announced(control.endpoint(), config.advertise),
                       announced(bulk.endpoint(), config.advertise),
                       announced(enroll.endpoint(), config.advertise), keys.public_key, ""};
  return Door{std::move(keys), std::move(control), std::move(enroll), std::move(bulk),
              std::move(join)};
}

std::string door_routing(size_t door, const std::string& routing) {
  return static_cast<char>('0' + door) + routing;
}

size_t routing_door(const std::string& routing) {
  const bool known = !routing.empty() && routing[0] >= '0' && routing[0] < '0' + int{kDoors};
  return known ? static_cast<size_t>(routing[0] - '0') : kDoors;
}

std::string bare_routing(const std::string& routing) {
  return routing.empty() ? routing : routing.substr(1);
}

}  // namespace farm::coordinator
