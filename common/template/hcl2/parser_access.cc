// The rules for what follows a term: attributes, indexes, splats, call arguments.
#include "common/template/hcl2/parser.h"

namespace farm::hcl2 {
namespace {

constexpr int kMaxSteps = 150;  // each may be a level of the tree

value::Value number_value(const Token& token) {
  const auto number = value::Number::parse(token.text);
  return number ? value::Value::number(*number) : value::Value::null();
}

}  // namespace

ExpressionPtr Parser::parse_term() {
  ExpressionPtr term = parse_primary();
  return term == nullptr ? nullptr : parse_access(std::move(term));
}

ExpressionPtr Parser::parse_access(ExpressionPtr source) {
  for (int steps = 0; source != nullptr; ++steps) {
    if (!at(TokenKind::Dot) && !at(TokenKind::OpenBracket)) return source;
    if (steps > kMaxSteps) {
      return fail("Expression too long", "Too many attributes and indexes in one expression.",
                  range_of(peek()));
    }
    source = at(TokenKind::Dot) ? parse_dot(std::move(source)) : parse_bracket(std::move(source));
  }
  return nullptr;
}

// Adds to the reference or step list that `source` is, so that `a.b.c` is one node.
ExpressionPtr Parser::add_step(ExpressionPtr source, TraversalStep step) {
  const SourceRange whole{file_, source->range().start, last_end_};
  if (const auto* reference = dynamic_cast<const Reference*>(source.get())) {
    Traversal traversal = *reference->as_traversal();
    traversal.steps.push_back(std::move(step));
    traversal.range = whole;
    return std::make_shared<Reference>(std::move(traversal));
  }
  return std::make_shared<Steps>(whole, std::move(source),
                                 std::vector<TraversalStep>{std::move(step)});
}

ExpressionPtr Parser::parse_dot(ExpressionPtr source) {
  const Token dot = take();
  if (at(TokenKind::Identifier)) {
    const Token name = take();
    return add_step(std::move(source), {std::string(name.text), range_from(dot.start)});
  }
  if (at(TokenKind::Number)) return legacy_index(std::move(source), take());
  if (at(TokenKind::Star)) return parse_attribute_splat(std::move(source));
  return fail("Invalid attribute name", "An attribute name is required after a dot.",
              range_of(peek()));
}

ExpressionPtr Parser::legacy_index(ExpressionPtr source, const Token& number) {
  const size_t dot = number.text.find('.');
  if (dot != std::string_view::npos) {
    const std::string first(number.text.substr(0, dot));
    const std::string second(number.text.substr(dot + 1));
    return fail("Invalid legacy index syntax",
                "Two of the old dotted indexes cannot follow each other. Write [" + first + "][" +
                    second + "] instead.",
                range_of(number));
  }
  return add_step(std::move(source), {number_value(number), range_of(number)});
}

ExpressionPtr Parser::parse_attribute_splat(ExpressionPtr source) {
  const Token star = take();
  ExpressionPtr each = std::make_shared<SplatItem>(range_of(star));
  for (int steps = 0; each != nullptr && at(TokenKind::Dot); ++steps) {
    if (steps > kMaxSteps) {
      return fail("Expression too long", "Too many attributes in one expression.",
                  range_of(peek()));
    }
    take();
    if (at(TokenKind::Identifier)) {
      const Token name = take();
      each = add_step(std::move(each), {std::string(name.text), range_of(name)});
    } else if (at(TokenKind::Number)) {
      each = legacy_index(std::move(each), take());
    } else if (at(TokenKind::Star)) {
      return fail("Nested splat expression not allowed",
                  "A splat (*) cannot be inside another attribute-only splat.",
                  range_of(peek()));
    } else {
      return fail("Invalid attribute name", "An attribute name is required after a dot.",
                  range_of(peek()));
    }
  }
  if (each == nullptr) return nullptr;
  const SourceRange whole{file_, source->range().start, last_end_};
  return std::make_shared<Splat>(whole, std::move(source), std::move(each));
}

ExpressionPtr Parser::parse_full_splat(ExpressionPtr source) {
  const Token close = take();
  ++depth_;
  ExpressionPtr each = too_deep(close)
                           ? nullptr
                           : parse_access(std::make_shared<SplatItem>(range_of(close)));
  --depth_;
  if (each == nullptr) return nullptr;
  const SourceRange whole{file_, source->range().start, last_end_};
  return std::make_shared<Splat>(whole, std::move(source), std::move(each));
}

ExpressionPtr Parser::parse_bracket(ExpressionPtr source) {
  const Token open = take();
  ExpressionPtr key;
  {
    const NewlineScope lines(*this, NewlineScope::Ignored);
    if (at(TokenKind::Star)) {
      take();
      if (!at(TokenKind::CloseBracket)) {
        return fail("Missing close bracket on splat index",
                    "The star of a full splat is directly followed by a closing bracket.",
                    range_of(peek()));
      }
    } else {
      key = parse_expression();
      if (key == nullptr) return nullptr;
      if (!accept(TokenKind::CloseBracket)) {
        return fail("Missing close bracket on index",
                    "An index is closed by a bracket: name[index].", range_of(peek()));
      }
    }
  }
  if (key == nullptr) return parse_full_splat(std::move(source));
  if (const auto* literal = dynamic_cast<const Literal*>(key.get());
      literal != nullptr && !literal->value().is_null()) {
    return add_step(std::move(source), {literal->value(), range_from(open.start)});
  }
  const SourceRange whole{file_, source->range().start, last_end_};
  return std::make_shared<Index>(whole, std::move(source), std::move(key));
}

ExpressionPtr Parser::parse_call(const Token& name, std::string full_name) {
  while (accept(TokenKind::DoubleColon)) {
    if (!at(TokenKind::Identifier)) {
      return fail("Missing function name", "A name is required after \"::\".",
                  range_of(peek()));
    }
    full_name += "::" + std::string(take().text);
  }
  const SourceRange name_range = range_from(name.start);
  if (!at(TokenKind::OpenParen)) {
    return fail("Missing open parenthesis", "A function name is followed by its arguments.",
                range_of(peek()));
  }
  take();
  const NewlineScope lines(*this, NewlineScope::Ignored);
  std::vector<ExpressionPtr> arguments;
  bool expand = false;
  while (!at(TokenKind::CloseParen)) {
    ExpressionPtr argument = parse_expression();
    if (argument == nullptr) return nullptr;
    arguments.push_back(std::move(argument));
    if (accept(TokenKind::Ellipsis)) {
      expand = true;
      if (!at(TokenKind::CloseParen)) {
        return fail("Missing closing parenthesis",
                    "Only the last argument can be expanded with \"...\".", range_of(peek()));
      }
      break;
    }
    if (at(TokenKind::CloseParen)) break;
    if (!accept(TokenKind::Comma)) {
      return fail("Missing argument separator",
                  "A comma is required between two arguments of a function.",
                  range_of(peek()));
    }
  }
  take();
  return std::make_shared<FunctionCall>(range_from(name.start), std::move(full_name), name_range,
                                        std::move(arguments), expand);
}

}  // namespace farm::hcl2
