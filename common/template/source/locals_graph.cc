#include "common/template/source/locals_graph.h"

#include <algorithm>
#include <unordered_map>

#include "common/template/source/literals.h"

namespace farm::templates {
namespace {

struct Node {
  bool is_local = true;
  size_t index = 0;  // into locals or data
  std::vector<size_t> needs;  // node numbers, without duplicates
  bool needs_all_locals = false;  // `local` without a name: sees what is known by then
  bool broken = false;            // refers to nothing, which is reported: stays unknown
  enum class Mark { New, Open, Done } mark = Mark::New;
};

const std::string* step_name(const hcl2::Traversal& reference, size_t step) {
  if (step >= reference.steps.size()) return nullptr;
  const auto& key = reference.steps[step].key;
  if (const std::string* name = std::get_if<std::string>(&key)) return name;
  const value::Value& index = std::get<value::Value>(key);
  const bool text = index.is_known() && !index.is_null() &&
                    index.type().kind() == value::Kind::String;
  return text ? &index.as_string() : nullptr;
}

class Graph {
 public:
  Graph(Template& made, DataSources& data_sources, Diagnostics& diagnostics)
      : made_(made), data_sources_(data_sources), diagnostics_(diagnostics) {}

  void evaluate() {
    add_nodes();
    for (size_t i = 0; i < nodes_.size(); ++i) connect(i);
    for (size_t i = 0; i < nodes_.size(); ++i) visit(i);
    publish();
  }

 private:
  void add_nodes() {
    for (size_t i = 0; i < made_.locals.size(); ++i) {
      locals_.emplace(made_.locals[i].name, nodes_.size());
      nodes_.push_back({true, i, {}, false, false, Node::Mark::New});
    }
    for (size_t i = 0; i < made_.data.size(); ++i) {
      data_.emplace(made_.data[i].type + "." + made_.data[i].name, nodes_.size());
      nodes_.push_back({false, i, {}, false, false, Node::Mark::New});
    }
  }

  std::string title(const Node& node) const {
    if (node.is_local) return "local." + made_.locals[node.index].name;
    return "data." + made_.data[node.index].type + "." + made_.data[node.index].name;
  }

  std::vector<std::string> known(const std::unordered_map<std::string, size_t>& names) const {
    std::vector<std::string> all;
    for (const auto& [name, number] : names) all.push_back(name);
    std::sort(all.begin(), all.end());
    return all;
  }

  void need(Node& node, size_t other) {
    if (std::find(node.needs.begin(), node.needs.end(), other) == node.needs.end()) {
      node.needs.push_back(other);
    }
  }

  void connect(size_t number) {
    Node& node = nodes_[number];
    std::vector<hcl2::Traversal> references;
    if (node.is_local) {
      made_.locals[node.index].expression->references(references);
    } else {
      data_sources_.references(made_.data[node.index], references);
    }
    for (const hcl2::Traversal& reference : references) {
      if (reference.root == "local") connect_local(node, reference);
      if (reference.root == "data") connect_data(node, reference);
    }
  }

  void connect_local(Node& node, const hcl2::Traversal& reference) {
    const std::string* name = step_name(reference, 0);
    if (name == nullptr) {
      node.needs_all_locals = true;
      return;
    }
    const auto found = locals_.find(*name);
    if (found != locals_.end()) {
      need(node, found->second);
      return;
    }
    node.broken = true;
    diagnostics_.error("Unsupported attribute",
                       "There is no local value named \"" + *name +
                           "\": declare it in a `locals` block.",
                       reference.range, did_you_mean(*name, known(locals_)));
  }

  void connect_data(Node& node, const hcl2::Traversal& reference) {
    const std::string* type = step_name(reference, 0);
    const std::string* name = step_name(reference, 1);
    if (type == nullptr || name == nullptr) {
      for (const auto& [key, number] : data_) {
        if (type == nullptr || key.starts_with(*type + ".")) need(node, number);
      }
      return;
    }
    const auto found = data_.find(*type + "." + *name);
    if (found != data_.end()) {
      need(node, found->second);
      return;
    }
    node.broken = true;
    diagnostics_.error("Unsupported attribute",
                       "There is no data source \"" + *type + "." + *name + "\".",
                       reference.range, did_you_mean(*type + "." + *name, known(data_)));
  }

  /// Depth first without recursion: a chain of thousands of locals is an ordinary template.
  void visit(size_t start) {
    std::vector<std::pair<size_t, size_t>> path{{start, 0}};
    if (nodes_[start].mark != Node::Mark::New) return;
    nodes_[start].mark = Node::Mark::Open;
    while (!path.empty()) {
      const size_t number = path.back().first;
      if (path.back().second < nodes_[number].needs.size()) {
        const size_t other = nodes_[number].needs[path.back().second++];
        if (nodes_[other].mark == Node::Mark::Open) {
          report_cycle(path, other);
        } else if (nodes_[other].mark == Node::Mark::New) {
          nodes_[other].mark = Node::Mark::Open;
          path.emplace_back(other, 0);
        }
        continue;
      }
      evaluate_node(nodes_[number]);
      nodes_[number].mark = Node::Mark::Done;
      path.pop_back();
    }
  }

  void report_cycle(const std::vector<std::pair<size_t, size_t>>& path, size_t first) {
    std::string chain;
    bool inside = false;
    for (const auto& [number, next] : path) {
      inside = inside || number == first;
      if (inside) chain += title(nodes_[number]) + " -> ";
    }
    const Node& node = nodes_[first];
    diagnostics_.error("Dependency cycle",
                       "These values depend on each other: " + chain + title(node) + ".",
                       node.is_local ? made_.locals[node.index].declared
                                     : made_.data[node.index].declared);
  }

  void evaluate_node(const Node& node) {
    if (node.broken) return;
    hcl2::Scope scope(&made_.evaluation->globals);
    value::Value::Map locals;
    std::map<std::string, value::Value::Map> data;
    for (const size_t number : node.needs) {
      const Node& other = nodes_[number];
      if (other.is_local) {
        const Local& local = made_.locals[other.index];
        locals.emplace(local.name, local.value);
      } else {
        const DataSource& source = made_.data[other.index];
        data[source.type].emplace(source.name, source.value);
      }
    }
    if (node.needs_all_locals) {
      for (const Node& other : nodes_) {
        if (other.is_local && other.mark == Node::Mark::Done) {
          const Local& local = made_.locals[other.index];
          locals.emplace(local.name, local.value);
        }
      }
    }
    scope.set("local", value::Value::object(std::move(locals)));
    scope.set("data", data_object(std::move(data)));
    const hcl2::EvalContext context{scope, made_.evaluation->functions, made_.evaluation->budget};
    if (node.is_local) {
      Local& local = made_.locals[node.index];
      local.value = local.expression->evaluate(context, diagnostics_);
      if (local.sensitive) local.value = local.value.with_sensitive();
    } else {
      DataSource& source = made_.data[node.index];
      source.value = data_sources_.evaluate(source, context, diagnostics_);
    }
  }

  static value::Value data_object(std::map<std::string, value::Value::Map> data) {
    value::Value::Map types;
    for (auto& [type, sources] : data) {
      types.emplace(type, value::Value::object(std::move(sources)));
    }
    return value::Value::object(std::move(types));
  }

  void publish() {
    value::Value::Map locals;
    for (const Local& local : made_.locals) locals.emplace(local.name, local.value);
    std::map<std::string, value::Value::Map> data;
    for (const DataSource& source : made_.data) {
      data[source.type].emplace(source.name, source.value);
    }
    made_.evaluation->globals.set("local", value::Value::object(std::move(locals)));
    made_.evaluation->globals.set("data", data_object(std::move(data)));
  }

  Template& made_;
  DataSources& data_sources_;
  Diagnostics& diagnostics_;
  std::vector<Node> nodes_;
  std::unordered_map<std::string, size_t> locals_;
  std::unordered_map<std::string, size_t> data_;
};

}  // namespace

void evaluate_locals(Template& made, DataSources& data_sources, Diagnostics& diagnostics) {
  Graph(made, data_sources, diagnostics).evaluate();
}

}  // namespace farm::templates
