// Exact nearest neighbours of blocks of vectors by inner product: int8 products with a proven error bound propose, float64
// dot products in index order decide.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// crosssum_neighbour is an entry of a list: a row of the other table by its place in the order of ids, and its score, a
// float64 dot product rounded once to fp32. Larger score first, then smaller place.
typedef struct {
  int32_t place;
  float score;
} crosssum_neighbour;

// crosssum_block is some rows of a table. The caller fills rows, vectors, places, lists and counts.
typedef struct {
  int64_t rows, capacity, d, keep;
  float *vectors;             // [capacity, d]
  int32_t *places;            // [capacity]
  crosssum_neighbour *lists;  // [capacity, keep], best first
  int32_t *counts;            // [capacity] entries of each list
  void *inside;
} crosssum_block;

typedef struct crosssum_pair crosssum_pair;

// The instruction set that products are computed with: "avx512vnni", "avx2", or "" where there is none.
const char *crosssum_nearest_instructions(void);
void crosssum_nearest_force(const char *instructions);  // for tests; "" goes back to the best

crosssum_block *crosssum_block_new(int64_t capacity, int64_t d, int64_t keep);  // NULL: out of memory
void crosssum_block_free(crosssum_block *b);

// Quantizes rows from..to-1 less the vector own, for a product in which the block is the columns (else the rows);
// `across` is what the other side's vectors are taken less. Columns: from and to are multiples of 64 or the end.
void crosssum_block_quantize(crosssum_block *b, int columns, const float *own, const float *across, int64_t from, int64_t to);

// A pair of quantized blocks. for_rows, for_columns: whose lists are wanted. same: two copies of one block of one table,
// in which a row is not its own neighbour.
crosssum_pair *crosssum_pair_new(crosssum_block *rows, crosssum_block *columns, int for_rows, int for_columns, int same);
void crosssum_pair_scan(crosssum_pair *p, int64_t from, int64_t to);    // rows; a multiple of 48 or the end; any thread
void crosssum_pair_finish(crosssum_pair *p, int64_t from, int64_t to);  // columns, after all rows; any thread
int64_t crosssum_pair_free(crosssum_pair *p);                           // returns how many dot products were taken

// Offers row `from + q` of x the rows found[q, 0..width-1] of y; those outside y are passed over.
void crosssum_offer(crosssum_block *x, const crosssum_block *y, int64_t from, int64_t rows, const int64_t *found, int64_t width, int same);

#ifdef __cplusplus
}
#endif
