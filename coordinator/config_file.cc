#include "coordinator/config_file.h"

#include <charconv>

#include "common/plan/duration_text.h"
#include "common/template/hcl2/body.h"
#include "common/template/hcl2/constant_evaluation.h"

namespace farm::coordinator {
namespace {

std::string* text_setting(const std::string& name, ServerConfig& config) {
  if (name == "data") return &config.data;
  if (name == "control") return &config.control;
  if (name == "bulk") return &config.bulk;
  if (name == "enroll") return &config.enroll;
  if (name == "advertise") return &config.advertise;
  return nullptr;
}

Duration* duration_setting(const std::string& name, Policy& policy) {
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

Result<void> apply_one(const std::string& name, const std::string& value, ServerConfig& config) {
  if (std::string* text = text_setting(name, config)) {
    if (value.empty()) return invalid_input("must not be empty");
    *text = value;
    return {};
  }
  if (Duration* duration = duration_setting(name, config.policy)) {
    const Duration parsed = TRY(plan::parse_duration(value));
    if (parsed < Duration::zero() || (parsed == Duration::zero() && must_be_positive(name))) {
      return invalid_input("must be longer than that: " + value);
    }
    *duration = parsed;
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

}  // namespace

Settings parse_config(const std::string& text, const std::string& file,
                      Diagnostics& diagnostics) {
  Settings settings;
  const hcl2::BodyPtr body = hcl2::parse_native(text, file, diagnostics);
  if (diagnostics.has_errors()) return settings;
  hcl2::ConstantEvaluation evaluation;
  for (const hcl2::Attribute& attribute : body->just_attributes(diagnostics)) {
    const value::Value value = evaluation.evaluate(*attribute.expression, diagnostics);
    const std::string written = text_of(value);
    ServerConfig scratch;
    Result<void> applied = apply_one(attribute.name, written, scratch);
    if (!applied) {
      diagnostics.error("Bad setting `" + attribute.name + "`", applied.error().message,
                        attribute.range);
    }
    settings[attribute.name] = written;
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
