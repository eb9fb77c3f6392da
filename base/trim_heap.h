// Returns freed memory to the system.
#ifndef ASSAY_BASE_TRIM_HEAP_H_
#define ASSAY_BASE_TRIM_HEAP_H_

namespace assay {

// Returns memory that malloc caches to the system. Takes milliseconds per gigabyte. Does nothing
// without glibc.
void TrimHeap();

}  // namespace assay

#endif  // ASSAY_BASE_TRIM_HEAP_H_
