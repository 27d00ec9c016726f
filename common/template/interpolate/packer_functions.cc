// Packer's template functions: variables, the build, time, text and secrets.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/template/functions/text.h"
#include "common/template/functions/time_format.h"
#include "common/template/interpolate/function_table.h"

namespace farm::interpolate {
namespace {

const std::string& text_of(const Cell& cell) { return *cell.string(); }

Result<Cell> call_user(Cells arguments, const Context& context) {
  if (context.inputs.hcl2) return Cell(std::string());
  const std::string& name = text_of(arguments[0]);
  const auto found = context.inputs.user_variables.find(name);
  if (found != context.inputs.user_variables.end()) return Cell(found->second);
  // NotFound: the caller may know the variable a pass later.
  if (context.unknown_user_is_error) return not_found("Error: variable not set: " + name);
  return Cell(std::string());
}

Result<Cell> call_env(Cells arguments, const Context& context) {
  if (!context.environment) return invalid_input("env vars are not allowed here");
  return Cell(context.environment(text_of(arguments[0])).value_or(std::string()));
}

/// {{build `X`}}: not known yet -> a data field of that name for the next rendering.
Result<Cell> call_build(Cells arguments, const Context& context) {
  const std::string& name = text_of(arguments[0]);
  if (context.inputs.hcl2) {
    return invalid_input("{{build `" + name + "`}} works in JSON templates only; write ${build." +
                         name + "} in HCL2");
  }
  if (context.generated == nullptr) return Cell("{{." + name + "}}");
  const auto found = context.generated->find(name);
  if (found == context.generated->end()) {
    return invalid_input("loaded data, but couldnt find " + name + " in it.");
  }
  return Cell(Cell::from(found->second).str());
}

Result<Cell> available(const std::string& text, std::string_view problem) {
  if (text.empty()) return invalid_input(std::string(problem));
  return Cell(text);
}

Result<Cell> call_build_name(Cells, const Context& context) {
  return available(context.inputs.build_name, "build_name not available");
}
Result<Cell> call_build_type(Cells, const Context& context) {
  return available(context.inputs.build_type, "build_type not available");
}
Result<Cell> call_template_dir(Cells, const Context& context) {
  return available(context.inputs.template_dir, "template path not available");
}
Result<Cell> call_packer_version(Cells, const Context& context) {
  return available(context.inputs.core_version, "packer_version not available");
}
Result<Cell> call_pwd(Cells, const Context& context) {
  return Cell(context.inputs.working_directory);
}

Result<Cell> call_isotime(Cells arguments, const Context& context) {
  if (arguments.empty()) {
    return Cell(functions::format_go_layout(context.inputs.start, "2006-01-02T15:04:05Z07:00"));
  }
  if (arguments.size() > 1) {
    const Cell all = Cell::list(Cell::List(arguments.begin(), arguments.end()));
    return invalid_input("too many values, 1 needed: " + all.str());
  }
  return Cell(functions::format_go_layout(context.inputs.start, text_of(arguments[0])));
}

Result<Cell> call_strftime(Cells arguments, const Context& context) {
  return Cell(functions::format_strftime(context.inputs.start, text_of(arguments[0])));
}

Result<Cell> call_timestamp(Cells, const Context& context) {
  return Cell(std::to_string(context.inputs.start.unix_seconds()));
}

/// A UUID whose first 32 bits are the Unix time, the rest random: sorts by time.
Result<Cell> call_uuid(Cells, const Context& context) {
  const auto seconds = static_cast<uint32_t>(context.inputs.start.unix_seconds());
  const uint64_t high = context.random.next();
  const uint64_t low = context.random.next();
  return Cell(fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", seconds, (high >> 32) & 0xFFFF,
                          (high >> 16) & 0xFFFF, high & 0xFFFF, low & 0xFFFFFFFFFFFF));
}

std::vector<std::string_view> split_text(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  if (separator.empty()) {  // every character is a part
    for (size_t at = 0; at < text.size();) {
      size_t length = 1;
      while (at + length < text.size() &&
             (static_cast<unsigned char>(text[at + length]) & 0xC0) == 0x80) {
        ++length;
      }
      parts.push_back(text.substr(at, length));
      at += length;
    }
    return parts;
  }
  size_t at = 0;
  for (size_t next; (next = text.find(separator, at)) != std::string_view::npos;) {
    parts.push_back(text.substr(at, next - at));
    at = next + separator.size();
  }
  parts.push_back(text.substr(at));
  return parts;
}

Result<Cell> call_split(Cells arguments, const Context&) {
  const std::string& separator = text_of(arguments[1]);
  const std::vector<std::string_view> parts = split_text(text_of(arguments[0]), separator);
  const int64_t index = *arguments[2].integer();
  if (index < 0 || static_cast<uint64_t>(index) >= parts.size()) {
    return invalid_input(
        fmt::format("the substring {} was unavailable using the separator value, {}, only {} "
                    "values were found",
                    index, separator, parts.size()));
  }
  return Cell(std::string(parts[static_cast<size_t>(index)]));
}

/// `text` with the first `limit` occurrences of `old` replaced (below 0: all). An empty `old`
/// stands before every character and at the end, as in Go.
Result<Cell> replaced(std::string_view old, std::string_view with, int64_t limit,
                      std::string_view text) {
  std::string out;
  size_t at = 0;
  int64_t done = 0;
  while (limit < 0 || done < limit) {
    if (old.empty() && (at > text.size() || (done > 0 && at >= text.size()))) break;
    size_t next = at;
    if (old.empty()) {
      if (done > 0) {
        ++next;
        while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80) {
          ++next;
        }
      }
    } else {
      next = text.find(old, at);
      if (next == std::string_view::npos) break;
    }
    out += text.substr(at, next - at);
    out += with;
    at = next + old.size();
    ++done;
    if (out.size() > kMaxBytes) return invalid_input("the result is too long");
  }
  out += text.substr(std::min(at, text.size()));
  return Cell(std::move(out));
}

Result<Cell> call_replace(Cells arguments, const Context&) {
  return replaced(text_of(arguments[0]), text_of(arguments[1]), *arguments[2].integer(),
                  text_of(arguments[3]));
}
Result<Cell> call_replace_all(Cells arguments, const Context&) {
  return replaced(text_of(arguments[0]), text_of(arguments[1]), -1, text_of(arguments[2]));
}

Result<Cell> call_upper(Cells arguments, const Context&) {
  return Cell(functions::upper_case(text_of(arguments[0])));
}
Result<Cell> call_lower(Cells arguments, const Context&) {
  return Cell(functions::lower_case(text_of(arguments[0])));
}

Result<Cell> call_sed(Cells, const Context&) {
  return invalid_input(
      "template function `sed` is deprecated use `replace` or `replace_all` instead.\n"
      "Documentation: the functions replace_all `old` `new` text and replace `old` `new` n text");
}

Result<Cell> secret(const Context& context, const std::string& kind, Cells arguments,
                    std::string_view not_allowed) {
  if (!context.secret) return invalid_input(std::string(not_allowed));
  std::vector<std::string> words;
  for (const Cell& argument : arguments) words.push_back(text_of(argument));
  std::string found = TRY(context.secret(kind, words));
  return Cell(std::move(found));
}

Result<Cell> call_vault(Cells arguments, const Context& context) {
  return secret(context, "vault", arguments,
                "Vault vars are only allowed in the variables section");
}
Result<Cell> call_consul_key(Cells arguments, const Context& context) {
  return secret(context, "consul_key", arguments, "consul_key is not allowed here");
}
constexpr std::string_view kAwsNotAllowed =
    "AWS Secrets Manager is only allowed in the variables section";
Result<Cell> call_aws_secretsmanager(Cells arguments, const Context& context) {
  if (arguments.empty() || arguments.size() > 2) {
    return invalid_input("AWS Secrets Manager takes the name of a secret and optionally a key");
  }
  return secret(context, "aws_secretsmanager", arguments, kAwsNotAllowed);
}
Result<Cell> call_aws_secretsmanager_raw(Cells arguments, const Context& context) {
  return secret(context, "aws_secretsmanager_raw", arguments, kAwsNotAllowed);
}

constexpr std::array<FunctionEntry, 22> kPackerFunctions = {{
    {"aws_secretsmanager", "ss*", call_aws_secretsmanager},
    {"aws_secretsmanager_raw", "s", call_aws_secretsmanager_raw},
    {"build", "s", call_build},
    {"build_name", "", call_build_name},
    {"build_type", "", call_build_type},
    {"consul_key", "s", call_consul_key},
    {"env", "s", call_env},
    {"isotime", "s*", call_isotime},
    {"lower", "s", call_lower},
    {"packer_version", "", call_packer_version},
    {"pwd", "", call_pwd},
    {"replace", "ssis", call_replace},
    {"replace_all", "sss", call_replace_all},
    {"sed", "ss", call_sed},
    {"split", "ssi", call_split},
    {"strftime", "s", call_strftime},
    {"template_dir", "", call_template_dir},
    {"timestamp", "", call_timestamp},
    {"upper", "s", call_upper},
    {"user", "s", call_user},
    {"uuid", "", call_uuid},
    {"vault", "ss", call_vault},
}};

}  // namespace

std::span<const FunctionEntry> packer_functions() { return kPackerFunctions; }

}  // namespace farm::interpolate
