#include "common/plan/weak_decode.h"

#include <algorithm>

namespace farm::plan {
namespace {

using value::Kind;
using value::Type;
using value::Value;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

const Option* find_option(const std::vector<Option>& options, const std::string& name) {
  for (const Option& option : options) {
    if (option.name == name) return &option;
  }
  for (const Option& option : options) {
    if (same_ignoring_case(option.name, name)) return &option;
  }
  return nullptr;
}

bool is_scalar(const Value& v) { return v.type().is_primitive(); }

bool is_list(const Value& v) {
  return v.type().kind() == Kind::Tuple || v.type().kind() == Kind::List;
}

bool is_object(const Value& v) {
  return v.type().kind() == Kind::Object || v.type().kind() == Kind::Map;
}

std::string scalar_text(const Value& v) {
  switch (v.type().kind()) {
    case Kind::String: return v.as_string();
    case Kind::Number: return v.as_number().str();
    // As the reference's decoder turns a bool into a text.
    case Kind::Bool: return v.as_bool() ? "1" : "0";
    default: return {};
  }
}

class WeakDecoder {
 public:
  WeakDecoder(const WeakContext& context, OptionPlaces& places, Diagnostics& diagnostics)
      : context_(context), places_(places), diagnostics_(diagnostics) {}

  Value object(const Value& raw, const std::vector<Option>& options) {
    Value::Map made;
    for (const auto& [key, v] : raw.entries()) {
      const Option* option = find_option(options, key);
      path_.push_back(key);
      if (option == nullptr) {
        unknown_key(key, options);
      } else if (!v.is_null()) {
        places_[dotted()] = context_.place(path_);
        Value decoded = one(v, *option);
        if (!decoded.is_null()) made.insert_or_assign(std::string(option->name), decoded);
      }
      path_.pop_back();
    }
    return Value::object(std::move(made));
  }

 private:
  std::string dotted() const {
    std::string text;
    for (const std::string& step : path_) {
      if (!step.empty() && step[0] >= '0' && step[0] <= '9') continue;  // list positions
      text += (text.empty() ? "" : ".") + step;
    }
    return text;
  }

  void unknown_key(const std::string& key, const std::vector<Option>& options) {
    if (path_.size() == 1 && key.starts_with("packer_")) return;
    std::vector<std::string> names;
    for (const Option& option : options) names.emplace_back(option.name);
    const std::string near = nearest_name(key, names);
    diagnostics_.error("unknown configuration key: '\"" + key + "\"'",
                       "There is no option of this name here.", context_.place(path_),
                       near.empty() ? std::string() : "Did you mean \"" + near + "\"?");
  }

  Value mismatch(const char* wanted, const Value& v) {
    diagnostics_.error("'" + dotted() + "' expected type '" + wanted + "', got " +
                           v.type().friendly(),
                       "The value cannot be read as " + std::string(wanted) + ".",
                       context_.place(path_));
    return {};
  }

  /// The text with {{ }} rendered; empty when something in it is not known before the run.
  std::optional<std::string> now(const std::string& text) {
    if (text.find("{{") == std::string::npos) return text;
    const Result<std::string> rendered = context_.render(text);
    if (!rendered) {
      diagnostics_.error("render '" + dotted() + "'", rendered.error().message + ".",
                         context_.place(path_));
      return std::nullopt;
    }
    if (rendered->find("{{") != std::string::npos) return std::nullopt;
    return *rendered;
  }

  Value one(const Value& v, const Option& option) {
    switch (option.type) {
      case OptionType::Number: return number(v);
      case OptionType::Bool:
      case OptionType::TriBool: return boolean(v);
      case OptionType::ListString: return list(v, option, OptionType::String);
      case OptionType::ListNumber: return list(v, option, OptionType::Number);
      case OptionType::ListListString: return list(v, option, OptionType::ListString);
      case OptionType::MapString: return map(v);
      case OptionType::MapAny: return is_object(v) ? v : mismatch("map", v);
      case OptionType::Object: return block(v, option);
      case OptionType::ListObject: return blocks(v, option);
      case OptionType::Duration: return duration(v);
      case OptionType::String:
      case OptionType::Bytes:
      case OptionType::FileMode: return text(v);
    }
    return {};
  }

  Value text(const Value& v) {
    if (!is_scalar(v)) return mismatch("string", v);
    return Value::string(scalar_text(v));
  }

  /// A bare number is nanoseconds, as in the reference.
  Value duration(const Value& v) {
    if (!is_scalar(v)) return mismatch("duration", v);
    if (v.type().kind() == Kind::Number) return Value::string(scalar_text(v) + "ns");
    return Value::string(scalar_text(v));
  }

  Value number(const Value& v) {
    if (v.type().kind() == Kind::Number) return v;
    if (v.type().kind() == Kind::Bool) return Value::number(v.as_bool() ? 1 : 0);
    if (!is_scalar(v)) return mismatch("number", v);
    const std::optional<std::string> digits = now(v.as_string());
    if (!digits) return Value::unknown(Type::number());
    if (digits->empty()) return {};
    Result<value::Number> parsed = value::Number::parse(*digits);
    return parsed ? Value::number(std::move(parsed).value()) : mismatch("number", v);
  }

  Value boolean(const Value& v) {
    if (v.type().kind() == Kind::Bool) return v;
    if (v.type().kind() == Kind::Number) return Value::boolean(v.as_number().sign() != 0);
    if (!is_scalar(v)) return mismatch("bool", v);
    const std::optional<std::string> word = now(v.as_string());
    if (!word) return Value::unknown(Type::boolean());
    if (word->empty()) return {};
    for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
      if (*word == yes) return Value::boolean(true);
    }
    for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
      if (*word == no) return Value::boolean(false);
    }
    return mismatch("bool", v);
  }

  static Value zero(OptionType element) {
    if (element == OptionType::Number) return Value::number(0);
    if (element == OptionType::ListString) return Value::list(Type::string(), {});
    return Value::string("");
  }

  Value list(const Value& v, const Option& option, OptionType element) {
    Option item;
    item.name = option.name;
    item.type = element;
    const Type type = option_value_type(element);
    Value::List made;
    if (is_scalar(v)) {
      // A lone text is a comma-separated list; late fields are split as they stand.
      const std::string raw = scalar_text(v);
      const std::optional<std::string> whole =
          option.late_template ? std::optional<std::string>(raw) : now(raw);
      if (!whole) return Value::unknown(Type::list(type));
      for (size_t start = 0; !whole->empty() && start <= whole->size();) {
        const size_t comma = std::min(whole->find(',', start), whole->size());
        made.push_back(one(Value::string(whole->substr(start, comma - start)), item));
        start = comma + 1;
      }
    } else if (is_list(v)) {
      size_t position = 0;
      for (const Value& inner : v.elements()) {
        path_.push_back(std::to_string(position++));
        // The reference reads null in a list as its elements' zero value.
        made.push_back(inner.is_null() ? zero(element) : one(inner, item));
        path_.pop_back();
      }
    } else {
      return mismatch("list", v);
    }
    for (const Value& inner : made) {
      if (inner.is_null()) return {};  // reported already
    }
    return Value::list(type, std::move(made));
  }

  Value map(const Value& v) {
    Value::Map made;
    const auto add = [&](const Value& members) {
      for (const auto& [key, inner] : members.entries()) {
        path_.push_back(key);
        Value item = inner.is_null() ? Value::string("") : text(inner);
        if (!item.is_null()) made.insert_or_assign(key, std::move(item));
        path_.pop_back();
      }
    };
    if (is_object(v)) {
      add(v);
    } else if (is_list(v) && std::all_of(v.elements().begin(), v.elements().end(), is_object)) {
      for (const Value& part : v.elements()) add(part);
    } else {
      return mismatch("map", v);
    }
    return Value::map(Type::string(), std::move(made));
  }

  Value block(const Value& v, const Option& option) {
    if (is_object(v)) return object(v, option.options);
    if (is_list(v) && v.size() == 1 && is_object(v.elements()[0])) {
      path_.push_back("0");
      Value made = object(v.elements()[0], option.options);
      path_.pop_back();
      return made;
    }
    return mismatch("object", v);
  }

  Value blocks(const Value& v, const Option& option) {
    if (is_object(v)) return Value::tuple({object(v, option.options)});
    if (!is_list(v)) return mismatch("list of objects", v);
    Value::List made;
    size_t position = 0;
    for (const Value& item : v.elements()) {
      path_.push_back(std::to_string(position++));
      if (is_object(item)) {
        made.push_back(object(item, option.options));
      } else {
        mismatch("object", item);
      }
      path_.pop_back();
    }
    return Value::tuple(std::move(made));
  }

  const WeakContext& context_;
  OptionPlaces& places_;
  Diagnostics& diagnostics_;
  std::vector<std::string> path_;
};

}  // namespace

DecodedBody decode_weak(const Value& raw, const std::vector<Option>& options,
                        const WeakContext& context, Diagnostics& diagnostics) {
  DecodedBody decoded;
  decoded.end = context.place({});
  decoded.config = WeakDecoder(context, decoded.places, diagnostics).object(raw, options);
  return decoded;
}

}  // namespace farm::plan
