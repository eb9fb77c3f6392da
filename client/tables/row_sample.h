// A random sample of rows.
#ifndef ASSAY_CLIENT_TABLES_ROW_SAMPLE_H_
#define ASSAY_CLIENT_TABLES_ROW_SAMPLE_H_

#include <cstdint>
#include <vector>

namespace assay::client {

// Returns `limit` of the numbers 0 to `rows` - 1 in ascending order, each set of that size with the
// same probability; all numbers if `limit` is 0 or not below `rows`. Equal arguments give equal
// samples on every platform. Keeps the rows with the smallest keys, which are SplitMix64's outputs
// (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). Takes O(rows log
// limit) time and O(limit) memory.
std::vector<int64_t> SampleRows(int64_t rows, int64_t limit, uint64_t seed);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TABLES_ROW_SAMPLE_H_
