// The two directions of a message's list of fields (common/wire/mapping.h): into a table and back,
// member by member. Private to common/wire: includes generated headers.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "common/wire/message.h"
#include "schemas/common_generated.h"

namespace farm::wire::mapping {

/// The last value of each enum that travels as a ubyte.
template <class E>
constexpr uint8_t kLast = 0;
template <>
inline constexpr uint8_t kLast<Phase> = static_cast<uint8_t>(Phase::Finished);
template <>
inline constexpr uint8_t kLast<Verdict> = static_cast<uint8_t>(Verdict::Finish);
template <>
inline constexpr uint8_t kLast<Outcome> = static_cast<uint8_t>(Outcome::Cancelled);
template <>
inline constexpr uint8_t kLast<ResourceEvent::Kind> =
    static_cast<uint8_t>(ResourceEvent::Kind::Gone);
template <>
inline constexpr uint8_t kLast<ErrorCode> = static_cast<uint8_t>(ErrorCode::Internal);

inline fb::Id to_fb(const IdBytes& bytes) {
  fb::Id id;
  std::memcpy(&id, bytes.data(), bytes.size());
  return id;
}
inline IdBytes from_fb(const fb::Id& id) {
  IdBytes bytes{};
  std::memcpy(bytes.data(), &id, bytes.size());
  return bytes;
}

/// A list of 32-byte digests travels as one run of bytes.
struct Digests {
  std::vector<std::string>& list;
};

/// Message -> table.
struct ToTable {
  template <class T>
    requires std::is_arithmetic_v<T>
  void operator()(T& m, T& t) {
    t = m;
  }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(E& m, uint8_t& t) {
    t = static_cast<uint8_t>(m);
  }
  void operator()(std::string& m, std::string& t) { t = m; }
  void operator()(std::string& m, std::vector<uint8_t>& t) { t.assign(m.begin(), m.end()); }
  void operator()(Duration& m, int64_t& t) { t = m.count(); }
  void operator()(std::vector<std::string>& m, std::vector<std::string>& t) { t = m; }
  void operator()(std::vector<uint32_t>& m, std::vector<uint32_t>& t) { t = m; }
  void operator()(Digests m, std::vector<uint8_t>& t) {
    for (const std::string& digest : m.list) t.insert(t.end(), digest.begin(), digest.end());
  }
  template <class Tag>
  void operator()(farm::Id<Tag>& m, std::unique_ptr<fb::Id>& t) {
    t = std::make_unique<fb::Id>(to_fb(m.bytes));
  }
  void operator()(JobRef& m, std::unique_ptr<fb::JobRef>& t) {
    t = std::make_unique<fb::JobRef>(to_fb(m.job.bytes), m.epoch.incarnation, m.epoch.counter);
  }
  template <class M, class T>
  void operator()(std::optional<M>& m, std::unique_ptr<T>& t) {
    if (m) (*this)(*m, t);
  }
  template <class M, class T>
    requires requires(ToTable& d, M& m, T& t) { fields(d, m, t); }
  void operator()(M& m, std::unique_ptr<T>& t) {
    t = std::make_unique<T>();
    fields(*this, m, *t);
  }
  template <class M, class T>
  void operator()(std::vector<M>& m, std::vector<std::unique_ptr<T>>& t) {
    for (M& item : m) (*this)(item, t.emplace_back());
  }
  template <class V, class T>
  void operator()(std::map<std::string, V>& m, std::vector<std::unique_ptr<T>>& t) {
    for (const auto& [key, value] : m) {
      auto pair = std::make_unique<T>();
      pair->key = key;
      pair->value = value;
      t.push_back(std::move(pair));
    }
  }
};

/// Table -> message; what makes no sense is remembered in `problem`.
struct FromTable {
  const char* problem = nullptr;

  template <class T>
    requires std::is_arithmetic_v<T>
  void operator()(T& m, T& t) {
    m = t;
  }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(E& m, uint8_t& t) {
    if (t > kLast<E>) {
      problem = "an enum value is out of range";
      return;
    }
    m = static_cast<E>(t);
  }
  void operator()(std::string& m, std::string& t) { m = std::move(t); }
  void operator()(std::string& m, std::vector<uint8_t>& t) { m.assign(t.begin(), t.end()); }
  void operator()(Duration& m, int64_t& t) {
    if (t < 0) problem = "a duration is negative";
    m = Duration{t};
  }
  void operator()(std::vector<std::string>& m, std::vector<std::string>& t) { m = std::move(t); }
  void operator()(std::vector<uint32_t>& m, std::vector<uint32_t>& t) { m = std::move(t); }
  void operator()(Digests m, std::vector<uint8_t>& t) {
    constexpr size_t kDigest = 32;
    if (t.size() % kDigest != 0) {
      problem = "a digest list is cut short";
      return;
    }
    for (size_t at = 0; at < t.size(); at += kDigest) {
      m.list.emplace_back(t.begin() + static_cast<std::ptrdiff_t>(at),
                          t.begin() + static_cast<std::ptrdiff_t>(at + kDigest));
    }
  }
  template <class Tag>
  void operator()(farm::Id<Tag>& m, std::unique_ptr<fb::Id>& t) {
    if (t) m.bytes = from_fb(*t);
  }
  void operator()(JobRef& m, std::unique_ptr<fb::JobRef>& t) {
    if (!t) {
      problem = "a job reference is missing";
      return;
    }
    m.job.bytes = from_fb(t->job());
    m.epoch = Epoch{t->incarnation(), t->counter()};
  }
  template <class M, class T>
  void operator()(std::optional<M>& m, std::unique_ptr<T>& t) {
    if (t) (*this)(m.emplace(), t);
  }
  template <class M, class T>
    requires requires(FromTable& d, M& m, T& t) { fields(d, m, t); }
  void operator()(M& m, std::unique_ptr<T>& t) {
    if (t) fields(*this, m, *t);
  }
  template <class M, class T>
  void operator()(std::vector<M>& m, std::vector<std::unique_ptr<T>>& t) {
    for (std::unique_ptr<T>& item : t) (*this)(m.emplace_back(), item);
  }
  template <class V, class T>
  void operator()(std::map<std::string, V>& m, std::vector<std::unique_ptr<T>>& t) {
    for (const std::unique_ptr<T>& pair : t) {
      if (pair) m[pair->key] = pair->value;
    }
  }
};

}  // namespace farm::wire::mapping
