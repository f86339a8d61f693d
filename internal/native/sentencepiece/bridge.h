// C face of SentencePiece. A function that can fail returns NULL or a message that the caller frees.
#ifndef CROSSSUM_SENTENCEPIECE_BRIDGE_H
#define CROSSSUM_SENTENCEPIECE_BRIDGE_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void* sp_model;

// sp_load reads a serialized ModelProto.
char* sp_load(const char* model, size_t size, sp_model* out);
void sp_free(sp_model m);

int sp_size(sp_model m);
int sp_special(sp_model m, int* unk, int* bos, int* eos, int* pad);

// sp_piece describes piece id, 0 <= id < sp_size: text is owned by the model.
char* sp_piece(sp_model m, int id, const char** text, size_t* size, float* score, int* kind);
int sp_id(sp_model m, const char* piece, size_t size);

// sp_encode allocates *ids (malloc); sp_decode allocates *text (malloc). Ids must be below sp_size.
char* sp_encode(sp_model m, const char* text, size_t size, int** ids, size_t* n);
char* sp_decode(sp_model m, const int* ids, size_t n, char** text, size_t* size);

// sp_train reads sentences, one a line, from the file at input and allocates the serialized model. options holds
// 2 * n strings: name, value, ...
char* sp_train(const char* input, const char** options, size_t n, char** model, size_t* size);

#ifdef __cplusplus
}
#endif
#endif
