// Doors: the sets of endpoints (control, bulk, enrolment) at which a coordinator listens, each with a
// CURVE key of its own. There is one, but while the coordinator changes its key: then a second one
// with the new key stands open beside the first until everybody has moved, and stays.
#pragma once

#include <optional>
#include <string>

#include "common/net/zmq/keys.h"
#include "common/net/zmq/socket.h"
#include "common/wire/join_token.h"
#include "coordinator/reactor/zmq_server.h"

namespace farm::coordinator {

/// ZAP domains; at kEnrollDomain every key may come in and say what it was given a token for.
inline constexpr const char* kFarmDomain = "farm";
inline constexpr const char* kEnrollDomain = "farm-enroll";

/// A coordinator has room for two; the one that is not used is the next one's place.
inline constexpr size_t kDoors = 2;

/// Which door is in use, and whether everybody is moving to the other one. Kept in `data`/doors.
struct DoorPlan {
  size_t current = 0;
  bool moving = false;
  size_t next() const { return 1 - current; }
  /// Where those who come are told to go.
  size_t preferred() const { return moving ? next() : current; }
};
/// Corrupt: the file says nothing sensible. Without a file door 0 is in use.
Result<DoorPlan> load_door_plan(const std::string& data);
Result<void> save_door_plan(const std::string& data, const DoorPlan& plan);
/// The key file of a door; those of an unused door are removed when it is opened anew.
std::string door_key_path(const std::string& data, size_t door);

struct Door {
  net::CurveKeys keys;
  net::Router control;
  net::Router enroll;
  std::optional<net::Router> bulk;  // until the bulk thread takes it
  wire::JoinToken join;             // as others reach it, without a secret
};

/// Binds door `index`. Unavailable: an address is in use.
Result<Door> open_door(net::ZmqContext& context, const ServerConfig& config, size_t index);

/// A connection is named by its door and by what the socket calls it.
std::string door_routing(size_t door, const std::string& routing);
/// The door of such a name; kDoors: of none.
size_t routing_door(const std::string& routing);
std::string bare_routing(const std::string& routing);

}  // namespace farm::coordinator
