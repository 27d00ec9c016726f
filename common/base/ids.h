// Strong ids: 128 random bits, shown as lower-case base32 (26 characters); people type a prefix.
// BuildId, JobId, AgentId... are distinct types so that one is never passed for another.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/random.h"
#include "common/base/result.h"

namespace farm {

using IdBytes = std::array<uint8_t, 16>;

/// Base32 (a-z2-7 without padding) of 16 bytes: 26 characters.
std::string id_text(const IdBytes& bytes);
/// InvalidInput when `text` is not 26 characters of a-z2-7.
Result<IdBytes> id_from_text(std::string_view text);

template <class Tag>
struct Id {
  IdBytes bytes{};

  static Id random(Random& random) {
    Id id;
    random.fill(id.bytes);
    return id;
  }
  static Result<Id> parse(std::string_view text) {
    Id id;
    id.bytes = TRY(id_from_text(text));
    return id;
  }
  std::string str() const { return id_text(bytes); }
  /// The first `length` characters of str(): what screens show.
  std::string brief(size_t length = 6) const { return str().substr(0, length); }
  bool empty() const { return *this == Id{}; }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using BuildId = Id<struct BuildTag>;
using JobId = Id<struct JobTag>;
using AgentId = Id<struct AgentTag>;
using ArtifactId = Id<struct ArtifactTag>;
using RequestId = Id<struct RequestTag>;

/// Fences older leases of a job: (incarnation of the coordinator's state, counter). Only grows.
struct Epoch {
  uint32_t incarnation = 0;
  uint32_t counter = 0;
  friend auto operator<=>(const Epoch&, const Epoch&) = default;
  std::string str() const { return std::to_string(incarnation) + "." + std::to_string(counter); }
};

}  // namespace farm

template <class Tag>
struct std::hash<farm::Id<Tag>> {
  size_t operator()(const farm::Id<Tag>& id) const noexcept {
    size_t value = 0;
    for (size_t i = 0; i < sizeof value; ++i) value = value << 8 | id.bytes[i];
    return value;
  }
};
