#include "builders/core/schema/built_in.h"

#include <algorithm>
#include <array>

namespace farm::builders {
namespace {

constexpr std::array<std::string_view, 3> kBuilders = {"null", "file", "qemu"};
constexpr std::array<std::string_view, 3> kProvisioners = {"shell", "file", "shell-local"};
constexpr std::array<std::string_view, 4> kPostProcessors = {"manifest", "checksum", "compress",
                                                             "shell-local"};
constexpr std::array<std::string_view, 1> kDataSources = {"null"};

template <size_t Size>
bool contains(const std::array<std::string_view, Size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool is_built_in(plan::ComponentKind kind, std::string_view name) {
  switch (kind) {
    case plan::ComponentKind::Builder: return contains(kBuilders, name);
    case plan::ComponentKind::Provisioner: return contains(kProvisioners, name);
    case plan::ComponentKind::PostProcessor: return contains(kPostProcessors, name);
    case plan::ComponentKind::DataSource: return contains(kDataSources, name);
  }
  return false;
}

}  // namespace farm::builders
