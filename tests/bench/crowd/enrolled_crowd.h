// EnrolledCrowd: the keys of an administrator and of many agents, written into the records of a
// coordinator that does not run yet: enrolling ten thousand one by one is not what is measured.
#pragma once

#include <string>
#include <vector>

#include "common/net/zmq/keys.h"

namespace farm::bench {

struct EnrolledCrowd {
  std::string server_key;
  net::CurveKeys admin;
  std::vector<net::CurveKeys> agents;
};

/// `data` is the coordinator's, new.
Result<EnrolledCrowd> enroll_crowd(const std::string& data, size_t agents);

}  // namespace farm::bench
