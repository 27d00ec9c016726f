// Tree of a parsed {{ }} template. Nodes keep their offset and, through str(), the text by which
// error messages name them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace farm::interpolate {

struct Pipe;

/// An operand of a command.
struct Operand {
  enum class Kind {
    Dot,
    Nil,
    Bool,
    Integer,
    Float,
    String,
    Field,     // .a.b
    Variable,  // $x.a.b
    Function,  // a name
    Pipe,      // ( ... ) with optional .a.b behind it
  };
  Kind kind = Kind::Dot;
  uint32_t offset = 0;
  std::string text;                 // constants as written; name of function or variable
  std::string string;               // String: its contents
  int64_t integer = 0;              // Integer, and Float with an integral value
  double real = 0;                  // Float
  bool boolean = false;
  bool is_integral = false;         // a Float such as 1e3 that also serves as an integer
  std::vector<std::string> fields;  // Field, Variable, Pipe
  std::unique_ptr<Pipe> pipe;

  std::string str() const;
};

/// Fills `operand` from the number in its text; otherwise what is wrong with it.
std::optional<std::string> read_number(Operand& operand);

struct Command {
  uint32_t offset = 0;
  std::vector<Operand> operands;
  std::string str() const;
};

struct Pipe {
  uint32_t offset = 0;
  std::vector<std::string> variables;  // $x := or $i, $x :=
  bool assigns = false;                // = instead of :=
  std::vector<Command> commands;
  std::string str() const;
};

struct Statement;
using Block = std::vector<Statement>;

struct Statement {
  enum class Kind { Text, Action, If, Range, With, Template, Break, Continue };
  Kind kind = Kind::Text;
  uint32_t offset = 0;
  std::string text;         // Text; Template: the name; Action: its source, with delimiters
  std::unique_ptr<Pipe> pipe;
  Block body;
  Block otherwise;
  std::string str() const;  // Template only: as messages name it
};

struct Tree {
  std::string text;                    // the whole source, for line numbers
  Block main;
  std::map<std::string, Block> named;  // define and block
};

}  // namespace farm::interpolate
