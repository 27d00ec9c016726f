// LIBS: farm_common_wire farm_schemas
// One message of the protocol, named by the program's own name (message_hello_fuzz...): its fields
// are filled from the input, its frame is damaged as the rest of the input says. What was sent must
// arrive as it was; what is damaged must be refused, or be a message that travels on unchanged.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/wire/codec.h"
#include "common/wire/mapping.h"

namespace farm::wire::mapping {

/// A direction of the mapping: input -> message. The table only lends its types.
class FromInput {
 public:
  FromInput(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  uint64_t number(size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes && at_ != end_; ++i) value = value << 8 | *at_++;
    return value;
  }
  bool empty() const { return at_ == end_; }
  std::string text() {
    const size_t wanted = number(1);
    const size_t length = std::min(wanted, static_cast<size_t>(end_ - at_));
    std::string bytes(reinterpret_cast<const char*>(at_), length);
    at_ += length;
    return bytes;
  }

  template <class T>
    requires std::is_arithmetic_v<T>
  void operator()(T& m, T&) {
    if constexpr (std::is_same_v<T, bool>) {
      m = (number(1) & 1) != 0;
    } else {
      m = static_cast<T>(number(sizeof(T)));
    }
  }
  template <class E>
    requires std::is_enum_v<E>
  void operator()(E& m, uint8_t&) {
    m = static_cast<E>(number(1) % (kLast<E> + 1U));
  }
  template <class T>
  void operator()(std::string& m, T&) {
    m = text();
  }
  void operator()(Duration& m, int64_t&) { m = Duration{static_cast<int64_t>(number(8) >> 1)}; }
  void operator()(std::vector<std::string>& m, std::vector<std::string>&) {
    for (uint64_t i = number(1) % 8; i > 0; --i) m.push_back(text());
  }
  void operator()(std::vector<uint32_t>& m, std::vector<uint32_t>&) {
    for (uint64_t i = number(1) % 8; i > 0; --i) m.push_back(static_cast<uint32_t>(number(4)));
  }
  void operator()(Digests m, std::vector<uint8_t>&) {
    for (uint64_t i = number(1) % 4; i > 0; --i) {
      std::string digest = text();
      digest.resize(32);
      m.list.push_back(std::move(digest));
    }
  }
  template <class Tag>
  void operator()(farm::Id<Tag>& m, std::unique_ptr<fb::Id>&) {
    for (uint8_t& byte : m.bytes) byte = static_cast<uint8_t>(number(1));
  }
  void operator()(JobRef& m, std::unique_ptr<fb::JobRef>&) {
    std::unique_ptr<fb::Id> id;
    (*this)(m.job, id);
    m.epoch = Epoch{static_cast<uint32_t>(number(4)), static_cast<uint32_t>(number(4))};
  }
  template <class M, class T>
  void operator()(std::optional<M>& m, std::unique_ptr<T>& t) {
    if ((number(1) & 1) != 0) (*this)(m.emplace(), t);
  }
  template <class M, class T>
    requires requires(FromInput& d, M& m, T& t) { fields(d, m, t); }
  void operator()(M& m, std::unique_ptr<T>&) {
    T table;
    fields(*this, m, table);
  }
  template <class M, class T>
  void operator()(std::vector<M>& m, std::vector<std::unique_ptr<T>>&) {
    std::unique_ptr<T> table;
    for (uint64_t i = number(1) % 6; i > 0; --i) (*this)(m.emplace_back(), table);
  }
  template <class V, class T>
  void operator()(std::map<std::string, V>& m, std::vector<std::unique_ptr<T>>&) {
    for (uint64_t i = number(1) % 6; i > 0; --i) {
      V& value = m[text()];
      if constexpr (std::is_same_v<V, std::string>) {
        value = text();
      } else {
        value = number(8);
      }
    }
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace farm::wire::mapping

namespace {

using farm::wire::Message;
using farm::wire::mapping::FromInput;

/// Becomes the table of whichever message it is mapped with.
class AnyTable {
 public:
  template <class T>
  operator T&() {  // NOLINT: implicit on purpose
    auto table = std::make_shared<T>();
    keep_ = table;
    return *table;
  }

 private:
  std::shared_ptr<void> keep_;
};

size_t chosen = std::variant_npos;

template <size_t I = 0>
Message blank(size_t index) {
  if constexpr (I < std::variant_size_v<Message>) {
    return index == I ? Message(std::in_place_index<I>) : blank<I + 1>(index);
  } else {
    std::abort();
  }
}

void choose(std::string_view program) {
  program.remove_prefix(program.rfind('/') + 1);  // npos + 1 is 0
  for (size_t i = 0; i < std::variant_size_v<Message>; ++i) {
    if (program == "message_" + std::string(farm::wire::message_name(blank(i))) + "_fuzz") {
      chosen = i;
    }
  }
}

template <class M>
void fill(M& message, FromInput& input) {
  AnyTable table;
  farm::wire::mapping::fields(input, message, table);
  if constexpr (requires { message.bytes.push_back('x'); }) message.bytes = input.text();
}

void expect_stable(const Message& message) {
  const std::string frame = farm::wire::encode(message);
  const auto back = farm::wire::decode(frame);
  if (!back || back->index() != message.index() || farm::wire::encode(*back) != frame) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char*** argv) {
  choose((*argv)[0]);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FromInput input(data, size);
  // Under its own name (message_fuzz) the input chooses.
  const size_t index =
      chosen != std::variant_npos ? chosen : input.number(1) % std::variant_size_v<Message>;
  Message message = blank(index);
  std::visit([&](auto& m) { fill(m, input); }, message);
  std::string frame = farm::wire::encode(message);
  if (const auto back = farm::wire::decode(frame)) expect_stable(*back);
  // Damage: where, and by what.
  while (!input.empty()) {
    const size_t at = input.number(2) % frame.size();
    frame[at] = static_cast<char>(input.number(1));
    if (const auto back = farm::wire::decode(frame)) expect_stable(*back);
  }
  return 0;
}
