// Secret: a string that never prints itself. Its bytes are wiped when it goes.
#pragma once

#include <ostream>
#include <string>
#include <utility>

namespace farm {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  /// The bytes themselves: for handing to a library, never for a log or a message.
  const std::string& reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  friend bool operator==(const Secret& a, const Secret& b) { return a.bytes_ == b.bytes_; }
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  void wipe() noexcept;
  std::string bytes_;
};

}  // namespace farm
