// What the C++ files of this package share.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

// One guard round every native entry: an exception becomes a message.
#define GUARD(...)                              \
  try {                                         \
    __VA_ARGS__;                                \
    return nullptr;                             \
  } catch (const c10::Error &e) {               \
    return copy_message(e.what_without_backtrace()); \
  } catch (const std::exception &e) {           \
    return copy_message(e.what());              \
  } catch (...) {                               \
    return copy_message("unknown C++ exception"); \
  }

const char *copy_message(const char *what);
at::Tensor &at_cell(int64_t cell);  // throws for null and ended cells
int64_t give(at::Tensor t);         // a new cell in the innermost scope of this thread
