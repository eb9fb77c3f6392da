// The integers beyond 64 bits.
#ifndef ASSAY_ENGINE_JINJA_VALUES_BIG_INTEGER_H_
#define ASSAY_ENGINE_JINJA_VALUES_BIG_INTEGER_H_

#include <boost/multiprecision/cpp_int.hpp>

namespace assay::jinja {

// Only integer.cc includes this header, because Boost's is large.
struct BigInteger {
  boost::multiprecision::cpp_int value;
};

}  // namespace assay::jinja

#endif  // ASSAY_ENGINE_JINJA_VALUES_BIG_INTEGER_H_
