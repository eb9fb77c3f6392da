// Returns freed memory to the system.
#include "base/trim_heap.h"

// Defines __GLIBC__.
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace assay {

void TrimHeap() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace assay
