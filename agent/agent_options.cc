#include "agent/agent_options.h"

#include <algorithm>
#include <charconv>

#include "common/io/files.h"

namespace farm::agent {
namespace {

constexpr int kControlPort = 7440;

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

Result<uint32_t> number_of(const std::string& name, const std::string& text, uint32_t least,
                           uint32_t most) {
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || number < least ||
      number > most) {
    return invalid_input(name + " must be a number from " + std::to_string(least) + " to " +
                         std::to_string(most) + ", not '" + text + "'");
  }
  return number;
}

Result<void> set(AgentOptions& options, const std::string& name, const std::string& value) {
  if (name == "coordinator") {
    options.coordinator = value;
  } else if (name == "server-key" || name == "server_key") {
    options.server_key = value;
  } else if (name == "state") {
    options.state = value;
  } else if (name == "token") {
    options.token = value;
  } else if (name == "name") {
    options.name = value;
  } else if (name == "label") {
    if (value.find('=') == std::string::npos) {
      return invalid_input("a label is KEY=VALUE, not '" + value + "'");
    }
    options.labels.push_back(value);
  } else if (name == "plugins") {
    options.plugins = value;
  } else if (name == "trusted-plugin-key" || name == "trusted_plugin_key") {
    options.trusted_plugin_keys.push_back(value);
  } else if (name == "slots") {
    options.slots = TRY(number_of(name, value, 1, 10'000));
  } else if (name == "survey-seconds" || name == "survey_seconds") {
    options.survey_seconds = TRY(number_of(name, value, 0, 86'400));
  } else {
    return invalid_input("unknown option '" + name + "'");
  }
  return {};
}

// "text" without escapes, or a bare word or number.
Result<std::string> literal(const std::string& text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    const std::string inner = text.substr(1, text.size() - 2);
    if (inner.find_first_of("\"\\$%") != std::string::npos) {
      return invalid_input("only plain strings are read here: " + text);
    }
    return inner;
  }
  if (text.find_first_not_of("0123456789") == std::string::npos && !text.empty()) return text;
  return invalid_input("expected a string in quotes or a number, not: " + text);
}

Result<void> set_list(AgentOptions& options, const std::string& text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
    return invalid_input("labels must be a list of strings on one line");
  }
  std::string_view rest = std::string_view(text).substr(1, text.size() - 2);
  while (!trimmed(rest).empty()) {
    const size_t comma = rest.find(',');
    const std::string value = TRY(literal(trimmed(rest.substr(0, comma))));
    TRY(set(options, "label", value));
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return {};
}

Result<void> read_line(AgentOptions& options, const std::string& line) {
  if (line.empty() || line[0] == '#' || line.starts_with("//")) return {};
  const size_t equals = line.find('=');
  if (equals == std::string::npos) return invalid_input("expected NAME = VALUE");
  const std::string name = trimmed(std::string_view(line).substr(0, equals));
  const std::string value = trimmed(std::string_view(line).substr(equals + 1));
  if (name == "labels") return set_list(options, value);
  const std::string text = TRY(literal(value));
  return set(options, name, text);
}

Result<void> read_config(AgentOptions& options, bool must_exist) {
  const Result<std::string> text = io::read_file(options.config, 1U << 20);
  if (!text) {
    if (!must_exist && text.error().code == ErrorCode::NotFound) return {};
    return text.error();
  }
  size_t number = 0;
  for (size_t at = 0; at < text->size();) {
    const size_t end = std::min(text->find('\n', at), text->size());
    ++number;
    const Result<void> read =
        read_line(options, trimmed(std::string_view(*text).substr(at, end - at)));
    if (!read) return read.error().within(options.config + ":" + std::to_string(number));
    at = end + 1;
  }
  return {};
}

struct Given {
  std::string name;
  std::string value;
};

Result<std::vector<Given>> split(const std::vector<std::string>& arguments) {
  std::vector<Given> given;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (!word.starts_with("-")) return invalid_input("unexpected argument '" + word + "'");
    std::string name = word.substr(word.starts_with("--") ? 2 : 1);
    if (name == "help" || name == "h") {
      given.push_back({"help", ""});
      continue;
    }
    const size_t equals = name.find('=');
    if (equals != std::string::npos) {
      given.push_back({name.substr(0, equals), name.substr(equals + 1)});
    } else if (i + 1 < arguments.size()) {
      given.push_back({name, arguments[++i]});
    } else {
      return invalid_input("--" + name + " needs a value");
    }
  }
  return given;
}

}  // namespace

Result<AgentOptions> parse_agent_options(const std::vector<std::string>& arguments) {
  const std::vector<Given> given = TRY(split(arguments));
  AgentOptions options;
  bool config_given = false;
  for (const Given& one : given) {
    if (one.name == "help") options.help = true;
    if (one.name != "config") continue;
    options.config = one.value;
    config_given = true;
  }
  if (options.help) return options;
  TRY(read_config(options, config_given));
  for (const Given& one : given) {
    if (one.name != "config") TRY(set(options, one.name, one.value));
  }
  return options;
}

std::string agent_usage() {
  return "Usage: farm-agent [options]\n\n"
         "  --config FILE        default /etc/farm/agent.hcl\n"
         "  --coordinator HOST   host or tcp://host:port of the control endpoint\n"
         "  --server-key KEY     the coordinator's public key; kept after enrolment\n"
         "  --token TOKEN        enrols this agent (once)\n"
         "  --state DIR          default /var/lib/farm/agent\n"
         "  --name NAME          default: the host's name\n"
         "  --label KEY=VALUE    may be given several times\n"
         "  --slots N            jobs at once, default 1\n"
         "  --survey-seconds N   how often the load of a provider's nodes is looked at, where the\n"
         "                       environment has its credential; default 30, 0: never\n"
         "  --plugins DIR        external components, default /usr/lib/farm/plugins\n"
         "  --trusted-plugin-key KEY  base64; who may sign them; may be given several times\n";
}

Result<std::string> endpoint_beside(const std::string& coordinator, int step) {
  std::string text = coordinator;
  if (text.find("://") == std::string::npos) text.insert(0, "tcp://");
  const size_t colon = text.rfind(':');
  const bool has_port = colon > text.find("://") && text.find(']', colon) == std::string::npos;
  if (!has_port) return text + ":" + std::to_string(kControlPort + step);
  int port = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end || port < 1 || port + step > 65535) {
    return invalid_input("'" + coordinator + "' has no good port");
  }
  return text.substr(0, colon + 1) + std::to_string(port + step);
}

}  // namespace farm::agent
