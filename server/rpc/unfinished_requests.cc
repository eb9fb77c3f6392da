// Which connections hold too much of requests that are not complete.
#include "server/rpc/unfinished_requests.h"

#include <algorithm>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace assay::server {
namespace {

// The connections of one address.
struct Group {
  uint64_t bytes = 0;
  std::vector<size_t> connections;
};

}  // namespace

std::vector<size_t> OverLimit(std::span<const UnfinishedRequests> connections, uint64_t limit) {
  uint64_t total = 0;
  for (const UnfinishedRequests& connection : connections) total += connection.bytes;
  if (total <= limit) return {};

  std::unordered_map<std::string_view, Group> groups;
  for (size_t i = 0; i < connections.size(); ++i) {
    Group& group = groups[connections[i].address];
    group.bytes += connections[i].bytes;
    group.connections.push_back(i);
  }
  std::priority_queue<std::pair<uint64_t, Group*>> heaviest;
  for (auto& [address, group] : groups) {
    // The largest one is last.
    std::sort(group.connections.begin(), group.connections.end(),
              [&](size_t a, size_t b) { return connections[a].bytes < connections[b].bytes; });
    heaviest.emplace(group.bytes, &group);
  }
  std::vector<size_t> over;
  while (total > limit) {
    Group* const group = heaviest.top().second;
    heaviest.pop();
    const size_t largest = group->connections.back();
    group->connections.pop_back();
    group->bytes -= connections[largest].bytes;
    total -= connections[largest].bytes;
    over.push_back(largest);
    if (!group->connections.empty()) heaviest.emplace(group->bytes, group);
  }
  return over;
}

}  // namespace assay::server
