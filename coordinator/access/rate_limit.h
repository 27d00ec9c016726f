// RateLimit: a token bucket per key: so many at once, so many a second after that. Keeps one person's
// script from crowding out everybody else. Owner thread: reactor.
#pragma once

#include <map>
#include <string>

#include "common/base/clock.h"

namespace farm::coordinator {

class RateLimit {
 public:
  struct Rate {
    double per_second = 0;
    double burst = 0;
  };
  explicit RateLimit(Rate rate) : rate_(rate) {}

  /// Whether one more may pass now.
  bool take(const std::string& key, Instant now);

 private:
  struct Bucket {
    double tokens = 0;
    Instant filled{};
  };
  Rate rate_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace farm::coordinator
