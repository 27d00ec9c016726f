#include "ops/farmctl/common/checksum_files.h"

#include <set>

#include "builders/core/schema/catalog.h"
#include "common/plan/render.h"

namespace farm::farmctl {
namespace {

using value::Kind;
using value::Value;

bool is_text(const Value* v) {
  return v != nullptr && v->is_known() && !v->is_null() && v->type().kind() == Kind::String;
}

/// Texts of `iso_url` and `iso_urls` beside a checksum.
std::vector<std::string> urls_of(const Value& config) {
  std::vector<std::string> urls;
  if (const Value* one = config.get("iso_url"); is_text(one) && !one->as_string().empty()) {
    urls.push_back(one->as_string());
  }
  const Value* several = config.get("iso_urls");
  if (several == nullptr || !several->is_wholly_known() || several->is_null()) return urls;
  if (several->type().kind() != Kind::List && several->type().kind() != Kind::Tuple) return urls;
  for (const Value& url : several->elements()) {
    if (is_text(&url)) urls.push_back(url.as_string());
  }
  return urls;
}

class Collector {
 public:
  void walk(const plan::JobSpec& job, const Value& config) {
    if (!config.is_known() || config.is_null()) return;
    const Kind kind = config.type().kind();
    if (kind == Kind::List || kind == Kind::Set || kind == Kind::Tuple) {
      for (const Value& element : config.elements()) walk(job, element);
    }
    if (kind != Kind::Object && kind != Kind::Map) return;
    if (const Value* checksum = config.get("iso_checksum");
        is_text(checksum) && checksum->as_string().starts_with("file:")) {
      for (const std::string& url : urls_of(config)) add(job, checksum->as_string(), url);
    }
    for (const auto& [name, element] : config.entries()) walk(job, element);
  }
  std::vector<ChecksumFile> take() { return std::move(found_); }

 private:
  void add(const plan::JobSpec& job, const std::string& checksum, const std::string& url) {
    if (!seen_.emplace(checksum, url).second) return;
    found_.push_back({job.display_name, checksum, url, job.builder.declared});
  }

  std::vector<ChecksumFile> found_;
  std::set<std::pair<std::string, std::string>> seen_;
};

}  // namespace

std::vector<ChecksumFile> checksum_files(const plan::Plan& plan, Random& random) {
  Collector collector;
  for (const plan::JobSpec& job : plan.jobs) {
    const plan::ComponentSchema* schema =
        builders::component_catalog().find(plan::ComponentKind::Builder, job.builder.type);
    if (schema == nullptr) continue;
    const Result<Value> config =
        plan::render_config(job.builder.config, *schema, job.render, random, nullptr);
    if (config) collector.walk(job, *config);
  }
  return collector.take();
}

}  // namespace farm::farmctl
