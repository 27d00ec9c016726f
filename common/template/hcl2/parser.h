// Parser: recursive descent over the token list, one function per rule. After a syntax error it
// goes on at the next item of the body, so that one run shows several errors.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/template/hcl2/body.h"
#include "common/template/hcl2/lexer.h"
#include "common/template/hcl2/native_body.h"
#include "common/template/hcl2/syntax_tree.h"
#include "common/template/hcl2/template_part.h"

namespace farm::hcl2 {

class Parser {
 public:
  /// `text` must outlive the parser. Reports bytes that are no UTF-8.
  Parser(std::string_view text, std::string file, LexMode mode, SourcePosition start,
         Diagnostics& diagnostics);

  /// A whole file; what could be read of it when there are errors.
  BodySyntax parse_file();
  /// One expression and nothing else; null after an error.
  ExpressionPtr parse_whole_expression();
  /// The whole text as a template without quotes; null after an error.
  ExpressionPtr parse_whole_template();

 private:
  // parser.cc: the token stream and errors
  const Token& peek();
  Token take();
  bool at(TokenKind kind) { return peek().kind == kind; }
  bool at_keyword(std::string_view word);
  bool accept(TokenKind kind);
  SourceRange range_of(const Token& token) const { return {file_, token.start, token.end}; }
  SourceRange range_from(const SourcePosition& start) const { return {file_, start, last_end_}; }
  /// Reports unless an error of this item was reported already; always yields null.
  std::nullptr_t fail(const std::string& summary, const std::string& detail,
                      const SourceRange& range, const std::string& hint = {});
  std::nullptr_t fail_bad_token(const Token& token);
  bool too_deep(const Token& token);

  // parser.cc: operators and simple terms
  ExpressionPtr parse_expression();
  ExpressionPtr parse_binary(int lowest);
  ExpressionPtr parse_unary();
  ExpressionPtr parse_primary();
  ExpressionPtr parse_number();
  ExpressionPtr parse_parentheses();
  ExpressionPtr parse_identifier();

  // parser_access.cc: what follows a term
  ExpressionPtr parse_term();
  ExpressionPtr parse_access(ExpressionPtr source);
  ExpressionPtr parse_dot(ExpressionPtr source);
  ExpressionPtr parse_bracket(ExpressionPtr source);
  ExpressionPtr parse_attribute_splat(ExpressionPtr source);
  ExpressionPtr parse_full_splat(ExpressionPtr source);
  ExpressionPtr legacy_index(ExpressionPtr source, const Token& number);
  ExpressionPtr add_step(ExpressionPtr source, TraversalStep step);
  ExpressionPtr parse_call(const Token& name, std::string full_name);

  // parser_collection.cc
  ExpressionPtr parse_tuple();
  ExpressionPtr parse_object();
  bool parse_object_item(std::vector<ObjectConstructor::Item>& items);
  ExpressionPtr parse_object_key();
  ExpressionPtr parse_for(const Token& open, TokenKind close);
  /// `summary` is that of its errors.
  bool parse_for_head(ForParts& parts, const char* summary);

  // parser_template.cc
  ExpressionPtr parse_quoted();
  ExpressionPtr parse_heredoc();
  bool parse_template_parts(TokenKind close, std::vector<TemplatePart>& parts);
  bool parse_interpolation(std::vector<TemplatePart>& parts, bool& trim_next);
  bool parse_directive(std::vector<TemplatePart>& parts, bool& trim_next);
  bool close_sequence(const std::string& what, bool& trim_next);
  std::optional<std::string> literal_text(const Token& token);
  ExpressionPtr build_template(std::vector<TemplatePart>& parts, const SourceRange& range,
                               bool may_wrap);
  bool build_parts(std::vector<TemplatePart>& parts, size_t& index, TemplatePart::Kind opener,
                   std::vector<ExpressionPtr>& into);
  ExpressionPtr build_if(std::vector<TemplatePart>& parts, size_t& index);
  ExpressionPtr build_for(std::vector<TemplatePart>& parts, size_t& index);

  // parser_body.cc
  void parse_body(BodySyntax& body, TokenKind close);
  bool parse_item(BodySyntax& body);
  bool parse_attribute(BodySyntax& body, const Token& name);
  bool parse_block(BodySyntax& body, const Token& type);
  bool parse_labels(Block& block);
  bool parse_block_body(BodySyntax& body, const Token& open);
  void recover(size_t item_start);

  std::string_view text_;
  std::string file_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;  // without comments
  size_t next_ = 0;
  SourcePosition start_;
  SourcePosition last_end_;
  int ignore_newlines_ = 0;  // depth of brackets in which line ends mean nothing
  int depth_ = 0;
  bool failed_ = false;      // an error of the current item was reported

  friend class NewlineScope;
};

/// While it lives, line ends mean nothing (`Ignored`, in brackets) or separate items (`Counted`).
class NewlineScope {
 public:
  enum Mode { Ignored, Counted };
  NewlineScope(Parser& parser, Mode mode) : parser_(parser), saved_(parser.ignore_newlines_) {
    parser_.ignore_newlines_ = mode == Ignored ? 1 : 0;
  }
  NewlineScope(const NewlineScope&) = delete;
  NewlineScope& operator=(const NewlineScope&) = delete;
  ~NewlineScope() { parser_.ignore_newlines_ = saved_; }

 private:
  Parser& parser_;
  int saved_;
};

}  // namespace farm::hcl2
