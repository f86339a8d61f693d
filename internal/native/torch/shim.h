// The one C interface between this Go package and libtorch. Every function that can fail returns NULL or a message that
// the caller frees: no C++ exception passes. A cell is a pointer to an at::Tensor*, what gotorch.Tensor.T holds; cells
// belong to the innermost scope of the calling thread and become null when it ends.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef const char *ct_error;

// Kinds of values in an encoded argument list: the kind, then its words.
enum { CT_NONE, CT_TENSOR, CT_INT, CT_DOUBLE, CT_BOOL, CT_INTS, CT_TENSORS, CT_DEVICE, CT_STRING };

// Operators of libtorch by name, called with an encoded argument list; trailing arguments take the schema's defaults.
ct_error ct_find(const char *name, const char *overload, int64_t *op);
ct_error ct_call(int64_t op, const int64_t *args, int64_t words, int64_t *out, int64_t room, int64_t *count);

// Scopes and gradient mode of the calling thread.
int64_t ct_enter(int grad, int *was);
void ct_leave(int64_t depth, int grad);
ct_error ct_leave_with(int64_t depth, int64_t *cells, int64_t count);
int ct_grad_mode(int grad);

// Handles that outlive scopes; the number of handles alive in the process.
ct_error ct_keep(int64_t cell, int64_t *out);
void ct_free(int64_t cell);
int64_t ct_live(void);

// Data in and out.
ct_error ct_from(const void *data, int64_t bytes, int dtype, const int64_t *shape, int64_t dims, int64_t *out);
ct_error ct_copy_out(int64_t cell, int dtype, void *data, int64_t bytes);
ct_error ct_memory(int64_t cell, void **data, int64_t *bytes);
ct_error ct_info(int64_t cell, int64_t *shape, int64_t room, int64_t *dims, int *dtype, int *grad);
ct_error ct_device(int64_t cell, int *kind, int *index);

// Gradients.
ct_error ct_requires_grad(int64_t cell, int on);
ct_error ct_backward(int64_t cell, int64_t gradient);  // gradient 0: cell is one value
ct_error ct_grad(int64_t cell, int64_t *out);
ct_error ct_clear_grad(int64_t cell);


// The process.
void ct_threads(int n);
const char *ct_version(void);
const char *ct_capability(void);
const char *ct_blas(void);
int ct_gpus(void);
void ct_deterministic(void);

#ifdef __cplusplus
}
#endif
