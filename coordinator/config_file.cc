#include "coordinator/config_file.h"

#include <charconv>
#include <optional>

#include "common/plan/duration_text.h"
#include "common/template/hcl2/body.h"
#include "common/template/hcl2/constant_evaluation.h"
#include "coordinator/intake/place_reader.h"

namespace farm::coordinator {
namespace {

std::string* text_setting(const std::string& name, ServerConfig& config) {
  if (name == "data") return &config.data;
  if (name == "control") return &config.control;
  if (name == "bulk") return &config.bulk;
  if (name == "enroll") return &config.enroll;
  if (name == "next_control") return &config.next_control;
  if (name == "next_bulk") return &config.next_bulk;
  if (name == "next_enroll") return &config.next_enroll;
  if (name == "advertise") return &config.advertise;
  if (name == "planner") return &config.planner;
  if (name == "https") return &config.https;
  if (name == "https_certificate") return &config.https_certificate;
  if (name == "https_key") return &config.https_key;
  return nullptr;
}

Duration* duration_setting(const std::string& name, ServerConfig& config) {
  if (name == "scrub_interval") return &config.chunks.every;
  if (name == "chunk_quarantine") return &config.chunks.quarantine;
  Policy& policy = config.policy;
  if (name == "sync_interval") return &policy.sync_interval;
  if (name == "lease_ttl") return &policy.lease_ttl;
  if (name == "disconnect_max") return &policy.disconnect_max;
  if (name == "queue_limit") return &policy.queue_limit;
  if (name == "prepare_limit") return &policy.prepare_limit;
  if (name == "total_limit") return &policy.total_limit;
  if (name == "silence_limit") return &policy.silence_limit;
  if (name == "cancel_grace") return &policy.cancel_grace;
  return nullptr;
}

/// Times that must not be zero, because the farm lives by them.
bool must_be_positive(const std::string& name) {
  return name == "sync_interval" || name == "lease_ttl";
}

/// "node_limits.pve1" -> "node pve1".
std::optional<std::string> limit_key(const std::string& name) {
  for (const char* kind : {"node", "datastore", "credential"}) {
    const std::string prefix = std::string(kind) + "_limits.";
    if (name.starts_with(prefix) && name.size() > prefix.size()) {
      return std::string(kind) + " " + name.substr(prefix.size());
    }
  }
  return std::nullopt;
}

Result<void> apply_one(const std::string& name, const std::string& value, ServerConfig& config) {
  if (std::string* text = text_setting(name, config)) {
    if (value.empty()) return invalid_input("must not be empty");
    *text = value;
    return {};
  }
  if (Duration* duration = duration_setting(name, config)) {
    const Duration parsed = TRY(plan::parse_duration(value));
    if (parsed < Duration::zero() || (parsed == Duration::zero() && must_be_positive(name))) {
      return invalid_input("must be longer than that: " + value);
    }
    *duration = parsed;
    return {};
  }
  if (const std::optional<std::string> limit = limit_key(name)) {
    uint32_t jobs = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), jobs);
    if (read.ec != std::errc() || read.ptr != value.data() + value.size() || jobs == 0) {
      return invalid_input("must be a number of jobs from 1, not `" + value + "`");
    }
    config.policy.limits.jobs[*limit] = jobs;
    const size_t space = limit->find(' ') + 1;
    config.policy.limits.jobs[limit->substr(0, space) + hidden_name(limit->substr(space))] = jobs;
    return {};
  }
  if (name == "retry_limit") {
    uint32_t limit = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), limit);
    if (read.ec != std::errc() || read.ptr != value.data() + value.size() || limit > 100) {
      return invalid_input("must be a number from 0 to 100, not `" + value + "`");
    }
    config.policy.retry_limit = limit;
    return {};
  }
  if (name == "requests_per_second") {
    double rate = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), rate);
    if (read.ec != std::errc() || read.ptr != value.data() + value.size() || !(rate > 0)) {
      return invalid_input("must be a number above 0, not `" + value + "`");
    }
    config.requests = {rate, rate * 10};
    return {};
  }
  if (name == "log_level" || name == "log_format") return {};
  return invalid_input("no such setting");
}

std::string text_of(const value::Value& value) {
  if (!value.is_known() || value.is_null()) return {};
  if (value.type() == value::Type::string()) return value.as_string();
  if (value.type() == value::Type::number()) return value.as_number().str();
  return {};
}

/// `node_limits = { pve1 = 2 }` is the setting node_limits.pve1; `node_limits = 2` is for every node.
Settings settings_of(const std::string& name, const value::Value& value) {
  const bool limits =
      name == "node_limits" || name == "datastore_limits" || name == "credential_limits";
  if (!limits) return {{name, text_of(value)}};
  if (!value.is_known() || value.is_null() || value.type().kind() != value::Kind::Object) {
    return {{name + ".*", text_of(value)}};
  }
  Settings settings;
  for (const auto& [key, jobs] : value.entries()) settings[name + "." + key] = text_of(jobs);
  return settings;
}

}  // namespace

Settings parse_config(const std::string& text, const std::string& file,
                      Diagnostics& diagnostics) {
  Settings settings;
  const hcl2::BodyPtr body = hcl2::parse_native(text, file, diagnostics);
  if (diagnostics.has_errors()) return settings;
  hcl2::ConstantEvaluation evaluation;
  for (const hcl2::Attribute& attribute : body->just_attributes(diagnostics)) {
    const value::Value value = evaluation.evaluate(*attribute.expression, diagnostics);
    for (const auto& [name, written] : settings_of(attribute.name, value)) {
      ServerConfig scratch;
      Result<void> applied = apply_one(name, written, scratch);
      if (!applied) {
        diagnostics.error("Bad setting `" + name + "`", applied.error().message, attribute.range);
      }
      settings[name] = written;
    }
  }
  return settings;
}

Result<void> apply_settings(const Settings& settings, ServerConfig& config) {
  for (const auto& [name, value] : settings) {
    Result<void> applied = apply_one(name, value, config);
    if (!applied) return std::move(applied).error().within("setting " + name);
  }
  return {};
}

}  // namespace farm::coordinator
