#include "coordinator/intake/intake.h"

#include <algorithm>
#include <set>

#include "coordinator/intake/place_reader.h"

namespace farm::coordinator {
namespace {

constexpr size_t kMaxJobs = 10'000;
constexpr size_t kMaxBundleFiles = 100'000;
constexpr size_t kMaxLabels = 64;
// One stored file under many names would otherwise fill an agent's disk when it is unpacked.
constexpr uint64_t kMaxBundleBytes = 256ULL << 30;

Result<std::vector<std::string>> read_labels(const wire::SubmittedJob& job) {
  if (job.labels.size() > kMaxLabels) {
    return invalid_input("job " + job.name + " wants more than 64 labels");
  }
  std::set<std::string> labels;
  for (const std::string& label : job.labels) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos || equals == 0) {
      return invalid_input("job " + job.name + " wants the label `" + label +
                           "`, which is not of the form key=value");
    }
    labels.insert(label);
  }
  return std::vector<std::string>(labels.begin(), labels.end());
}

}  // namespace

Result<void> check_files(const wire::Submit& submit) {
  if (submit.bundle.size() > kMaxBundleFiles) {
    return invalid_input("the bundle has more than " + std::to_string(kMaxBundleFiles) + " files");
  }
  uint64_t total = 0;
  for (const wire::BundleFile& file : submit.bundle) {
    if (file.size > kMaxBundleBytes - total) {
      return denied("the bundle unpacks to more than 256 GiB");
    }
    total += file.size;
  }
  return artifact::check_bundle(bundle_entries(submit));
}

std::vector<artifact::BundleEntry> bundle_entries(const wire::Submit& submit) {
  std::vector<artifact::BundleEntry> entries;
  entries.reserve(submit.bundle.size());
  for (const wire::BundleFile& file : submit.bundle) {
    entries.push_back({file.path, file.sha256, file.size, file.mode, file.link_target});
  }
  return entries;
}

Result<Submitted> take_in(const wire::Submit& submit, const std::string& submitter,
                          const SpecReader& read, Random& random) {
  if (submit.request.empty()) return invalid_input("the submission has no request id");
  if (submit.jobs.empty()) return invalid_input("the submission has no jobs");
  if (submit.jobs.size() > kMaxJobs) {
    return invalid_input("a submission has at most " + std::to_string(kMaxJobs) + " jobs");
  }
  TRY(check_files(submit));
  Submitted event;
  event.submit = submit;
  event.submitter = submitter;
  event.build = BuildId::random(random);
  for (const wire::SubmittedJob& job : submit.jobs) {
    if (job.name.empty()) return invalid_input("a job has no name");
    Result<JobNeeds> needs = read(job.spec);
    if (!needs) return std::move(needs).error().within("job " + job.name);
    needs->labels = TRY(read_labels(job));
    hide_sensitive(needs->place, submit.sensitive);
    event.needs.push_back(*std::move(needs));
    event.ids.push_back(JobId::random(random));
  }
  return event;
}

}  // namespace farm::coordinator
