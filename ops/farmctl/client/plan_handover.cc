#include "ops/farmctl/client/plan_handover.h"

#include <filesystem>
#include <fmt/format.h>
#include <map>

#include "builders/core/schema/external.h"
#include "common/io/digests.h"
#include "common/wire/plan_record.h"

namespace farm::farmctl {
namespace {

// Shorter ones cost less than their names.
constexpr size_t kWorthNaming = 64;

bool holds_bytes(plan::PlanAnswer::Kind kind) {
  return kind == plan::PlanAnswer::Kind::TreeRead || kind == plan::PlanAnswer::Kind::ReadFile;
}

}  // namespace

Result<std::string> hand_over_plan(plan::PlanWorld& world, const templates::LoadOptions& load,
                                   const plan::PlanOptions& options, const Bundle& bundle) {
  plan::PlanRecord record = world.record();
  record.path = load.path;
  record.config_type = load.config_type;
  record.var_files = load.var_files;
  for (const auto& [name, value] : load.variables) record.variables.push_back({name, value});
  record.only = options.only;
  record.except = options.except;
  record.core_version = load.core_version;
  record.components = builders::external_descriptions();
  std::map<std::string, const wire::BundleFile*> bundled;  // by path on this disk
  for (const BundledFile& file : bundle.files) {
    if (!file.disk_path.empty()) bundled[file.disk_path] = &file.record;
  }
  const std::filesystem::path here(record.working_directory);
  const plan::PlanAnswer* largest = nullptr;
  for (plan::PlanAnswer& answer : record.answers) {
    if (!answer.ok || !holds_bytes(answer.kind) || answer.value.size() < kWorthNaming) continue;
    const auto file = bundled.find((here / answer.question).lexically_normal().string());
    // What was read while planning counts, also when the file was changed since.
    const bool same =
        file != bundled.end() &&
        file->second->sha256 == io::digest_hex(io::DigestKind::Sha256, answer.value);
    if (same) {
      answer.bundle = file->second->path;
      answer.value.clear();
    } else if (largest == nullptr || answer.value.size() > largest->value.size()) {
      largest = &answer;
    }
  }
  std::string bytes = wire::encode_plan_record(record);
  if (bytes.size() > wire::kMaxPlanRecord) {
    return invalid_input(fmt::format(
        "what the template reads while it is planned, beside its folder, comes to {} MiB; a farm "
        "takes 6{}",
        bytes.size() >> 20,
        largest == nullptr ? "" : " (the largest file: " + largest->question + ")"));
  }
  return bytes;
}

}  // namespace farm::farmctl
