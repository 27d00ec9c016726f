// farmctl console: evaluates expressions (HCL2) or template strings (JSON) with a template's
// variables and locals. Interactive on a terminal; from a pipe every line is evaluated and the last
// result printed.

#include <array>
#include <cstdio>
#include <iostream>

#include <unistd.h>

#include "common/template/interpolate/engine.h"
#include "ops/farmctl/common/line_editor.h"
#include "ops/farmctl/common/plan_session.h"
#include "ops/farmctl/common/variables_text.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

constexpr const char* kHelp =
    "Enter an expression to see its value, e.g. upper(var.name), local.x, path.root.\n"
    "  variables   list the variables and locals\n"
    "  exit        leave (or Ctrl-D)";

std::vector<Flag> console_flags() {
  return with_template_flags({
      {"json", FlagKind::Switch,
       "read one expression (of any number of lines) from standard input, print its value as JSON; "
       "HCL2 unless a JSON template is given"},
      {"use-sequential-evaluation", FlagKind::Switch,
       "no effect: locals and data sources are always evaluated by what they need"},
  });
}

struct Answer {
  std::string text;
  bool failed = false;
  bool leave = false;
};

class Console {
 public:
  Console(PlanSession& session, const templates::Template& made, bool json)
      : session_(session), made_(made), json_(json) {}

  Answer answer(const std::string& line) {
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos) return {};
    const std::string words = line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
    if (words == "exit") return {"", false, true};
    if (words == "help") return {kHelp, false, false};
    if (words == "variables") return {variables(), false, false};
    return evaluate(words);
  }

  /// `words` as an expression (HCL2) or template string (JSON), whatever it is.
  Answer evaluate(const std::string& words) {
    return made_.syntax == templates::Syntax::Hcl2 ? expression(words) : text(words);
  }

 private:
  std::string variables() const {
    std::string text;
    if (made_.syntax == templates::Syntax::Hcl2) {
      text = variables_text(made_);
    } else {
      for (const auto& [name, value] : made_.inputs.user_variables) {
        text += name + ": " + value + ",\n";
      }
    }
    if (!text.empty()) text.pop_back();
    return text;
  }

  Answer expression(const std::string& words) {
    Diagnostics problems;
    templates::SourceTexts texts;
    texts.add("<console-input>", words);
    const hcl2::ExpressionPtr parsed =
        hcl2::parse_expression(words, "<console-input>", problems);
    value::Value v;
    if (!problems.has_errors()) {
      // Each line has its own budget: a console session may be long.
      hcl2::Budget budget;
      const hcl2::EvalContext context{made_.evaluation->globals, made_.evaluation->functions,
                                      budget};
      v = parsed->evaluate(context, problems);
    }
    if (problems.has_errors()) {
      return {draw_diagnostics(problems, texts, DiagnosticForm::Plain), true, false};
    }
    if (v.has_sensitive()) return {json_ ? "\"<sensitive>\"" : "<sensitive>", false, false};
    if (!json_) return {value::console_text(v), false, false};
    Result<std::string> text = value::to_json(v);
    if (!text) return {"Error: " + text.error().message, true, false};
    return {*text, false, false};
  }

  Answer text(const std::string& words) {
    const interpolate::Context context{made_.inputs, session_.random(), {}};
    Result<std::string> rendered = interpolate::render(words, context);
    if (!rendered) return {"Error: " + rendered.error().message, true, false};
    if (!json_) return {*rendered, false, false};
    Result<std::string> quoted = value::to_json(value::Value::string(*rendered));
    if (!quoted) return {"Error: " + quoted.error().message, true, false};
    return {*quoted, false, false};
  }

  PlanSession& session_;
  const templates::Template& made_;
  bool json_;
};

int converse(Console& console, Output& output) {
  LineEditor editor;
  bool failed = false;
  while (const std::optional<std::string> line = editor.read("> ")) {
    const Answer answer = console.answer(*line);
    if (answer.leave) break;
    if (!answer.text.empty()) output.raw(answer.text + "\n");
    failed = answer.failed;
  }
  return failed ? kFailure : kSuccess;
}

// --json: all of standard input is one expression; the diagnostic goes to standard error, so that
// standard output is a JSON document or empty.
int evaluate_one(Console& console, Output& output) {
  std::string whole;
  std::array<char, 65536> piece{};
  while (const size_t got = std::fread(piece.data(), 1, piece.size(), stdin)) {
    whole.append(piece.data(), got);
  }
  const Answer answer = console.evaluate(whole);
  if (answer.failed) {
    std::fprintf(stderr, "%s\n", answer.text.c_str());
    return kFailure;
  }
  output.raw(answer.text + "\n");
  return kSuccess;
}

int evaluate_all(Console& console, Output& output) {
  std::string line;
  Answer last;
  while (std::getline(std::cin, line)) {
    Answer answer = console.answer(line);
    if (answer.leave) break;
    if (!answer.text.empty()) last = std::move(answer);
  }
  if (!last.text.empty()) output.raw(last.text + "\n");
  return last.failed ? kFailure : kSuccess;
}

}  // namespace

int run_console(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags = parse_or_explain(
      invocation, {"console", "[TEMPLATE]", "Evaluates expressions with a template's values.", 0, 1},
      console_flags(), exit_code);
  if (!flags) return exit_code;
  const bool has_template = !flags->arguments().empty();
  Result<templates::LoadOptions> options =
      load_options(*flags, has_template ? flags->arguments()[0] : "");
  if (!options) {
    invocation.output.error("Error: " + options.error().message);
    return kFailure;
  }
  options->allow_unset = true;
  const bool json = flags->on("json");
  if (json && !has_template && options->config_type.empty()) options->config_type = "hcl2";
  PlanSession session(invocation.environment, invocation.working_directory,
                      invocation.clock.wall());
  Diagnostics found;
  if (has_template) {
    found = session.load(*options, plan::CatalogDataSources::Mode::Unknown);
  } else {
    found = session.load_text(*options);
  }
  if (session.loaded() != nullptr) invocation.output.hide(session.loaded()->sensitive);
  invocation.output.diagnostics(found, session.texts());
  if (session.loaded() == nullptr) return kFailure;
  Console console(session, *session.loaded(), json);
  if (json) return evaluate_one(console, invocation.output);
  return ::isatty(STDIN_FILENO) == 1 ? converse(console, invocation.output)
                                     : evaluate_all(console, invocation.output);
}

}  // namespace farm::farmctl
