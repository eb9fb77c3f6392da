// What a caller may do.
#ifndef ASSAY_SERVER_ACCESS_ROLE_H_
#define ASSAY_SERVER_ACCESS_ROLE_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace assay::server {

enum class Role : uint8_t {
  // Writes texts and vectors, and gives feedback on them.
  kGenerate,
  // Runs, reads and judges evaluations.
  kEvaluate,
  // Reads the metrics.
  kMetrics,
  // Everything: models, routes, recorded prompts and keys.
  kAdmin,
};
inline constexpr std::array kAllRoles = {Role::kGenerate, Role::kEvaluate, Role::kMetrics,
                                         Role::kAdmin};

// Returns "generate", "evaluate", "metrics" or "admin".
std::string_view RoleName(Role role);

// A set of roles. Cheap to copy.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (const Role role : roles) Add(role);
  }
  static constexpr Roles All() {
    return {Role::kGenerate, Role::kEvaluate, Role::kMetrics, Role::kAdmin};
  }

  constexpr void Add(Role role) { bits_ |= Bit(role); }
  constexpr bool Has(Role role) const { return (bits_ & Bit(role)) != 0; }
  // True if the sets have a role in common.
  constexpr bool Intersects(Roles other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  // Returns the names, in the order of kAllRoles.
  std::vector<std::string> Names() const;

  friend constexpr bool operator==(Roles, Roles) = default;

 private:
  static constexpr uint8_t Bit(Role role) {
    return static_cast<uint8_t>(1U << static_cast<unsigned>(role));
  }

  uint8_t bits_ = 0;
};

// INVALID_ARGUMENT names the field `roles` and the name that is no role's.
absl::StatusOr<Roles> ParseRoles(const std::vector<std::string>& names);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ACCESS_ROLE_H_
