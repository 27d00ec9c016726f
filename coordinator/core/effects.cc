#include "coordinator/core/effects.h"

#include <iterator>

namespace farm::coordinator {
namespace {

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

void Effects::merge(Effects&& other) {
  append(sends, other.sends);
  append(replies, other.replies);
  append(moves, other.moves);
  append(notes, other.notes);
  if (!refusal) refusal = std::move(other.refusal);
  new_builds.merge(other.new_builds);
  builds.merge(other.builds);
  jobs.merge(other.jobs);
  agents.merge(other.agents);
  resources.merge(other.resources);
}

}  // namespace farm::coordinator
