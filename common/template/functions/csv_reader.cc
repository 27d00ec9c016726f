#include "common/template/functions/csv_reader.h"

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace farm::functions {
namespace {

struct Record {
  size_t line = 0;  // where it starts, 1-based
  std::vector<std::string> fields;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  /// The next record that is not an empty line; empty at the end.
  Result<std::optional<Record>> next() {
    do {
      if (!next_line()) return std::optional<Record>();
    } while (text_.empty());
    Record record;
    record.line = line_;
    do {
      std::string one = TRY(field());
      record.fields.push_back(std::move(one));
    } while (comma());
    return std::optional(std::move(record));
  }

 private:
  // Takes one line off the rest, without its end.
  bool next_line() {
    if (rest_.empty()) return false;
    const size_t end = std::min(rest_.find('\n'), rest_.size());
    text_ = rest_.substr(0, end);
    ended_ = end < rest_.size();
    rest_.remove_prefix(ended_ ? end + 1 : end);
    if (text_.ends_with('\r')) text_.remove_suffix(1);
    at_ = 0;
    ++line_;
    return true;
  }

  bool comma() {
    if (at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  Error problem(size_t column, std::string_view what) const {
    return invalid_input(fmt::format("parse error on line {}, column {}: {}", line_, column, what));
  }

  Result<std::string> field() {
    return text_.substr(at_, 1) == "\"" ? quoted_field() : bare_field();
  }

  Result<std::string> bare_field() {
    const size_t end = std::min(text_.find(',', at_), text_.size());
    const std::string_view field = text_.substr(at_, end - at_);
    if (const size_t quote = field.find('"'); quote != std::string_view::npos) {
      return problem(at_ + quote + 1, "bare \" in non-quoted-field");
    }
    at_ = end;
    return std::string(field);
  }

  Result<std::string> quoted_field() {
    constexpr std::string_view kUnclosed = "extraneous or missing \" in quoted-field";
    std::string field;
    ++at_;
    while (true) {
      const size_t quote = text_.find('"', at_);
      if (quote == std::string_view::npos) {
        field += text_.substr(at_);
        const size_t column = text_.size() + (ended_ ? 2 : 1);
        if (ended_) field += '\n';
        if (!next_line()) return problem(column, kUnclosed);
        continue;
      }
      field += text_.substr(at_, quote - at_);
      at_ = quote + 1;
      if (text_.substr(at_, 1) != "\"") break;
      field += '"';
      ++at_;
    }
    if (at_ < text_.size() && text_[at_] != ',') return problem(at_, kUnclosed);
    return field;
  }

  std::string_view rest_;
  std::string_view text_;  // the current line
  bool ended_ = false;     // the current line has a newline
  size_t at_ = 0;
  size_t line_ = 0;
};

Result<Value::Map> attributes_of(const Record& header, const Record& record) {
  if (record.fields.size() != header.fields.size()) {
    return invalid_input(fmt::format("record on line {}: wrong number of fields", record.line));
  }
  Value::Map attributes;
  for (size_t i = 0; i < header.fields.size(); ++i) {
    attributes.emplace(header.fields[i], Value::string(record.fields[i]));
  }
  return attributes;
}

}  // namespace

Result<Value> read_csv(std::string_view text) {
  if (!is_utf8(text)) return invalid_input("the text is not valid UTF-8");
  Reader reader(text);
  std::optional<Record> header = TRY(reader.next());
  if (!header) return invalid_input("missing header line");
  std::map<std::string, Type> types;
  for (std::string& name : header->fields) {
    name = Value::string(name).as_string();
    if (!types.emplace(name, Type::string()).second) {
      return invalid_input(fmt::format("duplicate column name {}", quoted(name)));
    }
  }
  Value::List rows;
  while (true) {
    const std::optional<Record> record = TRY(reader.next());
    if (!record) break;
    Value::Map attributes = TRY(attributes_of(*header, *record));
    rows.push_back(Value::object(std::move(attributes)));
  }
  return Value::list(Type::object(std::move(types)), std::move(rows));
}

}  // namespace farm::functions
