#include <set>

#include "common/plan/plan.h"
#include "coordinator/intake/intake.h"
#include "coordinator/intake/place_reader.h"

namespace farm::coordinator {
namespace {

std::vector<std::string> listed(const std::set<std::string>& names) {
  return {names.begin(), names.end()};
}

Result<JobNeeds> read_needs(std::string_view bytes) {
  const plan::JobSpec spec = TRY(plan::decode_job(bytes));
  if (spec.builder.type.empty()) return invalid_input("the job names no builder");
  std::set<std::string> provisioners;
  std::set<std::string> post_processors;
  for (const plan::ProvisionerSpec& provisioner : spec.provisioners) {
    provisioners.insert(provisioner.component.type);
  }
  if (spec.error_cleanup) provisioners.insert(spec.error_cleanup->component.type);
  for (const auto& sequence : spec.post_processors) {
    for (const plan::PostProcessorSpec& step : sequence) {
      post_processors.insert(step.component.type);
    }
  }
  return JobNeeds{spec.builder.type, listed(provisioners), listed(post_processors), {},
                  read_place(spec)};
}

}  // namespace

SpecReader plan_spec_reader() { return read_needs; }

}  // namespace farm::coordinator
