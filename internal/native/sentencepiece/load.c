// Debian's libsentencepiece carries a protobuf of its own and exports it, and libtorch needs another version of protobuf:
// linked into one program, the one takes the other's functions and the program ends before main. So the bridge is a
// library of its own (library/bridge.cc, built by internal/native/build.sh) that is loaded here with RTLD_DEEPBIND: what is
// inside looks up names among its own first, and nobody outside sees them.
#define _GNU_SOURCE
#include "bridge.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char failure[512];

static char* (*load)(const char*, size_t, sp_model*);
static void (*release)(sp_model);
static int (*size_of)(sp_model);
static int (*special)(sp_model, int*, int*, int*, int*);
static char* (*piece)(sp_model, int, const char**, size_t*, float*, int*);
static int (*id_of)(sp_model, const char*, size_t);
static char* (*encode)(sp_model, const char*, size_t, int**, size_t*);
static char* (*decode)(sp_model, const int*, size_t, char**, size_t*);
static char* (*train)(const char*, const char**, size_t, char**, size_t*);

static void find(void* library, const char* name, void* pointer) {
  void* symbol = dlsym(library, name);
  if (symbol == NULL) snprintf(failure, sizeof failure, "libcrosssum_sentencepiece.so has no %s: run ./crosssum setup", name);
  memcpy(pointer, &symbol, sizeof symbol);
}

static void open_library(void) {
  void* library = dlopen("libcrosssum_sentencepiece.so", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (library == NULL) {
    const char* reason = dlerror();
    snprintf(failure, sizeof failure, "%s (internal/native/build.sh builds it)", reason ? reason : "cannot be loaded");
    return;
  }
  find(library, "sp_load", &load);
  find(library, "sp_free", &release);
  find(library, "sp_size", &size_of);
  find(library, "sp_special", &special);
  find(library, "sp_piece", &piece);
  find(library, "sp_id", &id_of);
  find(library, "sp_encode", &encode);
  find(library, "sp_decode", &decode);
  find(library, "sp_train", &train);
}

// ready is NULL when the library is there, else a message for the caller to free.
static char* ready(void) {
  pthread_once(&once, open_library);
  return failure[0] ? strdup(failure) : NULL;
}

char* sp_load(const char* model, size_t size, sp_model* out) {
  char* message = ready();
  return message ? message : load(model, size, out);
}

char* sp_train(const char* input, const char** options, size_t n, char** model, size_t* size) {
  char* message = ready();
  return message ? message : train(input, options, n, model, size);
}

// The others take a model, so the library is there.
void sp_free(sp_model m) { release(m); }
int sp_size(sp_model m) { return size_of(m); }
int sp_special(sp_model m, int* unk, int* bos, int* eos, int* pad) { return special(m, unk, bos, eos, pad); }
char* sp_piece(sp_model m, int id, const char** text, size_t* size, float* score, int* kind) {
  return piece(m, id, text, size, score, kind);
}
int sp_id(sp_model m, const char* text, size_t size) { return id_of(m, text, size); }
char* sp_encode(sp_model m, const char* text, size_t size, int** ids, size_t* n) { return encode(m, text, size, ids, n); }
char* sp_decode(sp_model m, const int* ids, size_t n, char** text, size_t* size) { return decode(m, ids, n, text, size); }
