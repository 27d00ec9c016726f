#include "coordinator/access/rate_limit.h"

#include <algorithm>

namespace farm::coordinator {
namespace {

constexpr size_t kMaxBuckets = 10'000;

}  // namespace

bool RateLimit::take(const std::string& key, Instant now) {
  if (buckets_.size() > kMaxBuckets) {
    // A full bucket is as good as none.
    std::erase_if(buckets_, [&](const auto& entry) {
      const double since = std::chrono::duration<double>(now - entry.second.filled).count();
      return entry.second.tokens + since * rate_.per_second >= rate_.burst;
    });
  }
  const auto [it, is_new] = buckets_.try_emplace(key, Bucket{rate_.burst, now});
  Bucket& bucket = it->second;
  if (!is_new) {
    const double since = std::chrono::duration<double>(now - bucket.filled).count();
    bucket.tokens = std::min(rate_.burst, bucket.tokens + since * rate_.per_second);
    bucket.filled = now;
  }
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace farm::coordinator
