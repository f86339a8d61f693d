#include "shim.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/Version.h>
#include <torch/version.h>
#include <c10/core/GradMode.h>

#include <cstring>

#include "guard.h"

extern "C" __attribute__((weak)) void openblas_set_num_threads(int);
extern "C" __attribute__((weak)) char *openblas_get_config(void);
extern "C" __attribute__((weak)) char *openblas_get_corename(void);

namespace {

std::atomic<int64_t> live_cells{0};
std::atomic<int> wanted_threads{0};

// The handles of one thread: cells in the order of their making, with a mark where each scope begins. Cells of ended
// scopes stay (null) until the outermost ends, so that a late use is an error and not a crash.
struct Arena {
  std::vector<at::Tensor **> cells;
  std::vector<size_t> marks;
  std::vector<at::Tensor **> dead;
  int threads = 0;
};
thread_local Arena arena;

void clear(at::Tensor **cell) {
  if (*cell == nullptr) return;
  delete *cell;
  *cell = nullptr;
  live_cells--;
}

at::Tensor **fresh(at::Tensor t) {
  live_cells++;
  return new at::Tensor *(new at::Tensor(std::move(t)));
}

void drop_to(size_t depth) {  // ends scopes until `depth` are left
  if (arena.marks.size() <= depth) return;
  const size_t mark = arena.marks[depth];
  for (size_t i = arena.cells.size(); i > mark; i--) {
    clear(arena.cells[i - 1]);
    arena.dead.push_back(arena.cells[i - 1]);
  }
  arena.cells.resize(mark);
  arena.marks.resize(depth);
  if (depth == 0) {
    for (auto *cell : arena.dead) delete cell;
    arena.dead.clear();
  }
}

std::vector<c10::OperatorHandle> &operators() {
  static std::vector<c10::OperatorHandle> list;
  return list;
}
std::mutex operators_mutex;

c10::IValue decode(const int64_t *&word, const int64_t *end) {
  TORCH_CHECK(word < end, "argument list ends early");
  const int64_t kind = *word++;
  auto need = [&](int64_t n) { TORCH_CHECK(n >= 0 && end - word >= n, "argument list ends early"); };
  switch (kind) {
    case CT_NONE:
      return c10::IValue();
    case CT_TENSOR:
      need(1);
      return at_cell(*word++);
    case CT_INT:
      need(1);
      return *word++;
    case CT_DOUBLE: {
      need(1);
      double d;
      std::memcpy(&d, word++, sizeof d);
      return d;
    }
    case CT_BOOL:
      need(1);
      return *word++ != 0;
    case CT_INTS: {
      need(1);
      const int64_t n = *word++;
      need(n);
      c10::List<int64_t> list;
      for (int64_t i = 0; i < n; i++) list.push_back(*word++);
      return list;
    }
    case CT_TENSORS: {
      need(1);
      const int64_t n = *word++;
      need(n);
      c10::List<at::Tensor> list;
      for (int64_t i = 0; i < n; i++) list.push_back(at_cell(*word++));
      return list;
    }
    case CT_DEVICE: {
      need(2);
      const auto type = static_cast<c10::DeviceType>(*word++);
      return c10::Device(type, static_cast<c10::DeviceIndex>(*word++));
    }
    case CT_STRING: {
      need(1);
      const int64_t n = *word++;
      need((n + 7) / 8);
      std::string s(reinterpret_cast<const char *>(word), n);
      word += (n + 7) / 8;
      return s;
    }
  }
  TORCH_CHECK(false, "unknown kind of argument ", kind);
}

}  // namespace

at::Tensor &at_cell(int64_t cell) {
  auto **c = reinterpret_cast<at::Tensor **>(cell);
  TORCH_CHECK(c != nullptr, "a tensor that was never made");
  TORCH_CHECK(*c != nullptr, "a tensor used after the end of its scope (Keep it, or return it from Block)");
  return **c;
}

int64_t give(at::Tensor t) {
  TORCH_CHECK(!arena.marks.empty(), "tensors are made inside torch.Do only");
  arena.cells.push_back(fresh(std::move(t)));
  return reinterpret_cast<int64_t>(arena.cells.back());
}

const char *copy_message(const char *what) { return strdup(what); }

extern "C" {

ct_error ct_find(const char *name, const char *overload, int64_t *op) {
  GUARD({
    auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
    std::lock_guard<std::mutex> lock(operators_mutex);
    operators().reserve(4096);  // never moved: ct_call reads without the lock
    TORCH_CHECK(operators().size() < 4096, "too many operators");
    operators().push_back(handle);
    *op = static_cast<int64_t>(operators().size()) - 1;
  })
}

ct_error ct_call(int64_t op, const int64_t *args, int64_t words, int64_t *out, int64_t room, int64_t *count) {
  GUARD({
    const auto &handle = operators()[op];
    const auto &schema = handle.schema().arguments();
    std::vector<c10::IValue> stack;
    stack.reserve(schema.size());
    for (const int64_t *word = args, *end = args + words; word < end;) stack.push_back(decode(word, end));
    TORCH_CHECK(stack.size() <= schema.size(), "too many arguments for ", handle.schema());
    for (size_t i = stack.size(); i < schema.size(); i++) {
      TORCH_CHECK(schema[i].default_value().has_value(), "missing argument ", schema[i].name());
      stack.push_back(*schema[i].default_value());
    }
    handle.callBoxed(stack);
    *count = 0;
    auto put = [&](int64_t word) {
      TORCH_CHECK(*count < room, "too many results");
      out[(*count)++] = word;
    };
    auto put_double = [&](double d) {
      int64_t word;
      std::memcpy(&word, &d, sizeof d);
      put(word);
    };
    for (auto &value : stack) {
      if (value.isTensor()) {
        put(give(std::move(value).toTensor()));
      } else if (value.isTensorList()) {
        for (auto &t : value.toTensorVector()) put(give(t));
      } else if (value.isBool()) {
        put_double(value.toBool() ? 1 : 0);
      } else if (value.isInt()) {
        put_double(static_cast<double>(value.toInt()));
      } else if (value.isDouble()) {
        put_double(value.toDouble());
      } else if (!value.isNone()) {
        TORCH_CHECK(false, "a result of kind ", value.tagKind());
      }
    }
  })
}

int64_t ct_enter(int grad, int *was) {
  if (const int n = wanted_threads; n > 0 && arena.threads != n) {  // OpenMP counts threads by master thread
    at::set_num_threads(n);
    arena.threads = n;
  }
  *was = at::GradMode::is_enabled() ? 1 : 0;
  at::GradMode::set_enabled(grad != 0);
  arena.marks.push_back(arena.cells.size());
  return static_cast<int64_t>(arena.marks.size()) - 1;
}

void ct_leave(int64_t depth, int grad) {
  drop_to(static_cast<size_t>(depth));
  at::GradMode::set_enabled(grad != 0);
}

ct_error ct_leave_with(int64_t depth, int64_t *cells, int64_t count) {
  GUARD({
    std::vector<at::Tensor> results;
    for (int64_t i = 0; i < count; i++) results.push_back(at_cell(cells[i]));
    drop_to(static_cast<size_t>(depth));
    for (int64_t i = 0; i < count; i++) cells[i] = give(std::move(results[i]));
  })
}

int ct_grad_mode(int grad) {
  const bool was = at::GradMode::is_enabled();
  at::GradMode::set_enabled(grad != 0);
  return was;
}


ct_error ct_keep(int64_t cell, int64_t *out) { GUARD(*out = reinterpret_cast<int64_t>(fresh(at_cell(cell)))) }
void ct_free(int64_t cell) { clear(reinterpret_cast<at::Tensor **>(cell)); }
int64_t ct_live(void) { return live_cells; }

ct_error ct_from(const void *data, int64_t bytes, int dtype, const int64_t *shape, int64_t dims, int64_t *out) {
  GUARD({
    auto t = at::empty(at::IntArrayRef(shape, dims), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
    TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == bytes, bytes, " bytes of data for shape ", t.sizes(), " of ",
                t.scalar_type());
    if (bytes > 0) std::memcpy(t.data_ptr(), data, bytes);
    *out = give(std::move(t));
  })
}

ct_error ct_copy_out(int64_t cell, int dtype, void *data, int64_t bytes) {
  GUARD({
    const auto t = at_cell(cell).detach().to(at::kCPU, static_cast<at::ScalarType>(dtype)).contiguous();
    TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == bytes, "room for ", bytes, " bytes, the tensor has ", t.nbytes());
    if (bytes > 0) std::memcpy(data, t.data_ptr(), bytes);
  })
}

ct_error ct_memory(int64_t cell, void **data, int64_t *bytes) {
  GUARD({
    const auto &t = at_cell(cell);
    TORCH_CHECK(t.device().is_cpu() && t.is_contiguous(), "memory of a tensor that is not contiguous or not on the CPU");
    *data = t.data_ptr();
    *bytes = static_cast<int64_t>(t.nbytes());
  })
}

ct_error ct_info(int64_t cell, int64_t *shape, int64_t room, int64_t *dims, int *dtype, int *grad) {
  GUARD({
    const auto &t = at_cell(cell);
    TORCH_CHECK(t.dim() <= room, "a tensor of ", t.dim(), " dimensions");
    for (int64_t i = 0; i < t.dim(); i++) shape[i] = t.size(i);
    *dims = t.dim();
    *dtype = static_cast<int>(t.scalar_type());
    *grad = t.requires_grad();
  })
}

ct_error ct_device(int64_t cell, int *kind, int *index) {
  GUARD({
    const auto device = at_cell(cell).device();
    *kind = static_cast<int>(device.type());
    *index = device.index();
  })
}

ct_error ct_requires_grad(int64_t cell, int on) { GUARD(at_cell(cell).requires_grad_(on != 0)) }
ct_error ct_backward(int64_t cell, int64_t gradient) {
  GUARD(at_cell(cell).backward(gradient ? at_cell(gradient) : at::Tensor()))
}
ct_error ct_grad(int64_t cell, int64_t *out) {
  GUARD({
    const auto &g = at_cell(cell).grad();
    *out = g.defined() ? give(g) : 0;
  })
}
ct_error ct_clear_grad(int64_t cell) { GUARD(at_cell(cell).mutable_grad().reset()) }

void ct_threads(int n) {
  wanted_threads = n;
  at::set_num_threads(n);
  arena.threads = n;
  if (openblas_set_num_threads) openblas_set_num_threads(n);
}

const char *ct_version(void) { return TORCH_VERSION; }
const char *ct_capability(void) {
  static const std::string s = [] {  // 1.13 tells it in its configuration only
    const std::string config = at::show_config(), key = "CPU capability usage: ";
    const auto at = config.find(key);
    if (at == std::string::npos) return std::string("unknown");
    const auto from = at + key.size();
    return config.substr(from, config.find_first_of(" \n", from) - from);
  }();
  return s.c_str();
}
const char *ct_blas(void) {
  static const std::string s = openblas_get_config && openblas_get_corename
                                   ? std::string(openblas_get_config()) + " kernel=" + openblas_get_corename()
                                   : "unknown";
  return s.c_str();
}
int ct_gpus(void) {
  try {
    return at::hasCUDA() ? static_cast<int>(at::getNumGPUs()) : 0;
  } catch (...) {  // a driver that does not answer
    return 0;
  }
}
void ct_deterministic(void) {
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 2)
  at::globalContext().setDeterministicFillUninitializedMemory(false);
#endif
#if TORCH_VERSION_MAJOR >= 2
  at::globalContext().setAllowBF16ReductionCuBLAS(false);
#endif
}

}  // extern "C"
