// C face of fastText's classifier. A function that can fail returns NULL or a message that the caller frees.
#ifndef CROSSSUM_FASTTEXT_BRIDGE_H
#define CROSSSUM_FASTTEXT_BRIDGE_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void* ft_model;

char* ft_load(const char* path, ft_model* out, int* labels);
void ft_free(ft_model m);

// ft_label allocates the name of label i, 0 <= i < labels.
char* ft_label(ft_model m, int i, char** name);

// ft_predict fills ids and probabilities (both of room for labels entries), best first. *n is 0 for a line without words.
char* ft_predict(ft_model m, const char* line, size_t size, int labels, int32_t* ids, float* probabilities, int* n);

#ifdef __cplusplus
}
#endif
#endif
