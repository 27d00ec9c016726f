#include "builders/external/guest_calls.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "builders/core/output_lines.h"

namespace farm::builders::external {
namespace {

using nlohmann::json;
using value::Value;

// Of a command's output, for the program; all of it is shown to the user.
constexpr size_t kKeptOutput = 256U << 10;

void keep_tail(std::string& kept, std::string_view more) {
  kept += more;
  if (kept.size() > kKeptOutput) kept.erase(0, kept.size() - kKeptOutput);
}

}  // namespace

Result<std::string> text_parameter(const json& parameters, const char* name) {
  const auto found = parameters.find(name);
  if (found == parameters.end() || !found->is_string()) {
    return invalid_input(fmt::format("the call needs the text '{}'", name));
  }
  return found->get<std::string>();
}

Result<json> to_json_document(const Value& value) {
  const std::string text = TRY(value::to_json(value.without_marks()));
  return json::parse(text, nullptr, false);
}

Value from_json_document(const json& document) {
  switch (document.type()) {
    case json::value_t::boolean: return Value::boolean(document);
    case json::value_t::string: return Value::string(document);
    case json::value_t::number_integer:
      return Value::number(value::Number(document.get<int64_t>()));
    case json::value_t::number_unsigned:  // may be beyond int64_t
    case json::value_t::number_float: {
      const auto parsed = value::Number::parse(document.dump());
      return parsed ? Value::number(*parsed) : Value::null();
    }
    case json::value_t::array: {
      Value::List elements;
      for (const json& element : document) elements.push_back(from_json_document(element));
      return Value::tuple(std::move(elements));
    }
    case json::value_t::object: {
      Value::Map attributes;
      for (const auto& [name, element] : document.items()) {
        attributes[name] = from_json_document(element);
      }
      return Value::object(std::move(attributes));
    }
    default: return Value::null();
  }
}

Result<json> GuestCalls::answer(const std::string& method, const json& parameters) {
  if (method.starts_with("guest.")) {
    if (!context_.communicator) return invalid_input("there is no connection to a machine");
    return method == "guest.run" ? run(parameters) : transfer(method, parameters);
  }
  if (method.starts_with("ledger.")) return ledger_.answer(method, parameters);
  return not_found("there is no method '" + method.substr(0, 100) + "'");
}

Result<json> GuestCalls::run(const json& parameters) {
  const bool quiet = parameters.value("quiet", json()) == json(true);
  OutputLines out([this, quiet](std::string_view line) {
    if (!quiet) context_.ui.message(line);
  });
  OutputLines errors([this, quiet](std::string_view line) {
    if (!quiet) context_.ui.error(line);
  });
  std::string kept_out;
  std::string kept_errors;
  RemoteCommand remote;
  remote.command = TRY(text_parameter(parameters, "command"));
  remote.on_stdout = [&](std::string_view bytes) {
    out.feed(bytes);
    keep_tail(kept_out, bytes);
  };
  remote.on_stderr = [&](std::string_view bytes) {
    errors.feed(bytes);
    keep_tail(kept_errors, bytes);
  };
  const Result<int> status = context_.communicator->run(remote, context_.cancel);
  out.finish();
  errors.finish();
  TRY(status);
  if (*status == kDisconnected) return unavailable("the connection was lost");
  return json{{"status", *status}, {"stdout", kept_out}, {"stderr", kept_errors}};
}

Result<json> GuestCalls::transfer(const std::string& method, const json& parameters) {
  Communicator& guest = *context_.communicator;
  const std::string remote = TRY(text_parameter(parameters, "remote"));
  const json mode_text = parameters.value("mode", json("0644"));
  if (!mode_text.is_string()) return invalid_input("'mode' is octal text, as \"0755\"");
  const auto mode = static_cast<uint32_t>(
      std::strtoul(mode_text.get<std::string>().c_str(), nullptr, 8) & 07777U);
  if (method == "guest.upload_text") {
    const std::string text = TRY(text_parameter(parameters, "text"));
    TRY(guest.upload_bytes(text, remote, mode, context_.cancel));
    return json::object();
  }
  const std::string local =
      resolve_path(context_, TRY(text_parameter(parameters, "local")));
  if (method == "guest.upload") {
    TRY(guest.upload(local, remote, mode, {}, context_.cancel));
  } else if (method == "guest.upload_directory") {
    TRY(guest.upload_directory(local, remote, {}, context_.cancel));
  } else if (method == "guest.download") {
    TRY(guest.download(remote, local, {}, context_.cancel));
  } else if (method == "guest.download_directory") {
    TRY(guest.download_directory(remote, local, {}, context_.cancel));
  } else {
    return not_found("there is no method '" + method.substr(0, 100) + "'");
  }
  return json::object();
}

}  // namespace farm::builders::external
