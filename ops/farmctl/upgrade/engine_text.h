// EngineText: strings of a legacy template, with their {{ }} words, as HCL2 strings. Words that the
// language has itself become interpolations; words that only a running build can fill in ({{ .Vars
// }}, {{ .HTTPIP }}) stay, because HCL2 strings pass through the same engine.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/template/interpolate/ast.h"

namespace farm::farmctl {

/// What the words mean where a string stands.
struct EngineScope {
  /// The HCL2 expression of a user variable: "var.x" or "local.x".
  std::function<std::string(const std::string& name)> user;
  /// The HCL2 expression of an environment variable; null where {{env}} is not allowed.
  std::function<std::string(const std::string& name)> environment;
  /// The local that stands for {{timestamp}}.
  std::string timestamp = "local.timestamp";
  bool component = true;      // source.* may be used
  bool build_values = false;  // build.* may be used
  bool env_only = false;      // a variable's default: no function but env()
};

class EngineText {
 public:
  explicit EngineText(EngineScope scope) : scope_(std::move(scope)) {}

  /// `text` as a quoted HCL2 template; engine words that could not be converted are noted.
  std::string quoted(const std::string& text);
  /// Only when every engine word but data fields ({{ .X }}) became HCL2.
  std::optional<std::string> quoted_wholly(const std::string& text);

  bool used_timestamp() const { return used_timestamp_; }
  /// Adds to what could not be converted.
  void note(std::string text) { unhandled_.push_back(std::move(text)); }
  /// What could not be converted, since the last call.
  std::vector<std::string> take_unhandled();

 private:
  struct Piece;
  using Pieces = std::vector<Piece>;
  struct Expr;

  std::optional<Pieces> convert(const interpolate::Block& block);
  bool convert_statement(const interpolate::Statement& statement, Pieces& into);
  std::optional<Expr> pipe(const interpolate::Pipe& pipe);
  std::optional<Expr> command(const interpolate::Command& command, std::optional<Expr> last);
  std::optional<Expr> operand(const interpolate::Operand& operand);
  std::optional<Expr> call(const std::string& name, const std::vector<Expr>& arguments);
  std::optional<Expr> call_text(const std::string& name, const std::vector<Expr>& arguments);
  std::optional<Expr> call_secret(const std::string& name, const std::vector<Expr>& arguments);
  std::optional<std::string> condition(const interpolate::Pipe& pipe);
  std::optional<std::string> condition(const interpolate::Command& command);
  std::optional<std::string> condition(const interpolate::Operand& operand);
  Pieces rewrite_calls(const std::string& text);
  static std::string join(const Pieces& pieces);

  EngineScope scope_;
  bool used_timestamp_ = false;
  bool keep_actions_ = false;  // one that cannot be converted stays for the engine
  std::vector<std::string> unhandled_;
};

}  // namespace farm::farmctl
