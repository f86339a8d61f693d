// The functions of FAISS's C interface that go-faiss v0.2.0 names. Debian ships the headers of that interface and the
// C++ library, but not the interface itself. No exception leaves this file: it becomes an error code and a message.

#include <faiss/AutoTune.h>
#include <faiss/IndexFlat.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/IDSelector.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>
#include <omp.h>

extern "C" {
#include <faiss/c_api/AutoTune_c.h>
#include <faiss/c_api/IndexFlat_c.h>
#include <faiss/c_api/Index_c.h>
#include <faiss/c_api/error_c.h>
#include <faiss/c_api/impl/AuxIndexStructures_c.h>
#include <faiss/c_api/index_factory_c.h>
#include <faiss/c_api/index_io_c.h>
}
#include <faiss/c_api/macros_impl.h>

thread_local std::exception_ptr faiss_last_exception;

namespace {
thread_local std::string message;

faiss::Index *cpp(FaissIndex *i) { return reinterpret_cast<faiss::Index *>(i); }
const faiss::Index *cpp(const FaissIndex *i) { return reinterpret_cast<const faiss::Index *>(i); }
faiss::RangeSearchResult *cpp(FaissRangeSearchResult *r) { return reinterpret_cast<faiss::RangeSearchResult *>(r); }
const faiss::IDSelector *cpp(const FaissIDSelector *s) { return reinterpret_cast<const faiss::IDSelector *>(s); }

template <class Handle, class Object> void give(Handle **out, Object *made) { *out = reinterpret_cast<Handle *>(made); }
}  // namespace

#define GUARD(body) \
  try {             \
    body;           \
  }                 \
  CATCH_AND_HANDLE

extern "C" {

const char *faiss_get_last_error() {
  try {
    if (faiss_last_exception) std::rethrow_exception(faiss_last_exception);
    return "no error";
  } catch (const std::exception &e) {
    message = e.what();
  }
  return message.c_str();
}

DEFINE_DESTRUCTOR(Index)
DEFINE_GETTER(Index, int, d)
DEFINE_GETTER(Index, int, is_trained)
DEFINE_GETTER(Index, idx_t, ntotal)
DEFINE_GETTER(Index, FaissMetricType, metric_type)

int faiss_Index_train(FaissIndex *i, idx_t n, const float *x) { GUARD(cpp(i)->train(n, x)) }
int faiss_Index_add(FaissIndex *i, idx_t n, const float *x) { GUARD(cpp(i)->add(n, x)) }
int faiss_Index_add_with_ids(FaissIndex *i, idx_t n, const float *x, const idx_t *ids) {
  GUARD(cpp(i)->add_with_ids(n, x, ids))
}
int faiss_Index_search(const FaissIndex *i, idx_t n, const float *x, idx_t k, float *distances, idx_t *labels) {
  GUARD(cpp(i)->search(n, x, k, distances, labels))
}
int faiss_Index_range_search(const FaissIndex *i, idx_t n, const float *x, float radius, FaissRangeSearchResult *r) {
  GUARD(cpp(i)->range_search(n, x, radius, cpp(r)))
}
int faiss_Index_reset(FaissIndex *i) { GUARD(cpp(i)->reset()) }
int faiss_Index_remove_ids(FaissIndex *i, const FaissIDSelector *s, size_t *removed) {
  GUARD(size_t n = cpp(i)->remove_ids(*cpp(s)); if (removed) *removed = n)
}

int faiss_IndexFlat_new_with(FaissIndexFlat **out, idx_t d, FaissMetricType metric) {
  GUARD(give(out, new faiss::IndexFlat(d, static_cast<faiss::MetricType>(metric))))
}
void faiss_IndexFlat_xb(FaissIndexFlat *i, float **xb, size_t *size) {
  auto *flat = reinterpret_cast<faiss::IndexFlat *>(i);
  *xb = flat->get_xb();
  *size = flat->ntotal * flat->d;
}
DEFINE_INDEX_DOWNCAST(IndexFlat)

int faiss_index_factory(FaissIndex **out, int d, const char *description, FaissMetricType metric) {
  GUARD(give(out, faiss::index_factory(d, description, static_cast<faiss::MetricType>(metric))))
}
int faiss_write_index_fname(const FaissIndex *i, const char *path) { GUARD(faiss::write_index(cpp(i), path)) }
int faiss_read_index_fname(const char *path, int flags, FaissIndex **out) {
  GUARD(give(out, faiss::read_index(path, flags)))
}

DEFINE_DESTRUCTOR(RangeSearchResult)
DEFINE_GETTER(RangeSearchResult, size_t, nq)
int faiss_RangeSearchResult_new(FaissRangeSearchResult **out, idx_t nq) {
  GUARD(give(out, new faiss::RangeSearchResult(nq)))
}
void faiss_RangeSearchResult_lims(FaissRangeSearchResult *r, size_t **lims) { *lims = cpp(r)->lims; }
void faiss_RangeSearchResult_labels(FaissRangeSearchResult *r, idx_t **labels, float **distances) {
  *labels = cpp(r)->labels;
  *distances = cpp(r)->distances;
}

DEFINE_DESTRUCTOR(IDSelector)
int faiss_IDSelectorRange_new(FaissIDSelectorRange **out, idx_t from, idx_t to) {
  GUARD(give(out, new faiss::IDSelectorRange(from, to)))
}
int faiss_IDSelectorBatch_new(FaissIDSelectorBatch **out, size_t n, const idx_t *ids) {
  GUARD(give(out, new faiss::IDSelectorBatch(n, ids)))
}

DEFINE_DESTRUCTOR(ParameterSpace)
int faiss_ParameterSpace_new(FaissParameterSpace **out) { GUARD(give(out, new faiss::ParameterSpace())) }
int faiss_ParameterSpace_set_index_parameter(const FaissParameterSpace *p, FaissIndex *i, const char *name, double value) {
  GUARD(reinterpret_cast<const faiss::ParameterSpace *>(p)->set_index_parameter(cpp(i), name, value))
}

// Two functions of our own: the library's version, and the number of OpenMP threads of the calling thread.
const char *crosssum_faiss_version(void) {
  static const std::string version = std::to_string(FAISS_VERSION_MAJOR) + "." + std::to_string(FAISS_VERSION_MINOR) +
                                     "." + std::to_string(FAISS_VERSION_PATCH);
  return version.c_str();
}
void crosssum_faiss_threads(int n) { omp_set_num_threads(n); }

}  // extern "C"
