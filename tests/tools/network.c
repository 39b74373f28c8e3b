/* network - the random backbone and the forward pass below the public API, on any instruction set that this machine
 * has.
 *
 *     network weights SEED OUT.raw          float32: every tensor in order
 *     network blocks WEIGHTS.raw OUT.raw PIXELS.raw ISA f32|bf16|int8 THREADS plain|packed
 *                                           float32 [12][images][50][768]
 *
 * WEIGHTS.raw is what `weights` writes; PIXELS.raw is uint8 [images][3][224][224]; ISA is as base_isa_name says it;
 * bf16 and int8 want to be packed. Exit status: 0 done, 1 failed, 2 usage, 3 the machine does not have that instruction
 * set, or not for that precision. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "vit/network.h"

#define PIXELS ((size_t)3 * 224 * 224)

typedef struct sink {
  FILE *file;
  size_t values;
} sink;

static void write_block(void *user, base_team *team, size_t layer, const float *tokens) {
  sink *to = user;
  (void)team, (void)layer;
  fwrite(tokens, sizeof *tokens, to->values, to->file);
}

static uint8_t *read_pixels(const char *path, size_t *images) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) exit(1);
  *images = (size_t)ftell(file) / PIXELS;
  rewind(file);
  uint8_t *pixels = malloc(*images * PIXELS);
  if (!pixels || fread(pixels, PIXELS, *images, file) != *images) exit(1);
  fclose(file);
  return pixels;
}

/* Weights in place in a file that the process keeps mapped: made once, they serve many runs. */
static vit_weights map_weights(const char *path) {
  vit_weights weights = {0};
  size_t total = 0, first = 0;
  for (size_t t = 0; t < VIT_TENSORS; t++) total += vit_tensor_count(t);
  FILE *file = fopen(path, "rb");
  struct stat found;
  if (!file || fstat(fileno(file), &found) || (size_t)found.st_size != total * sizeof(float)) exit(1);
  const float *values = mmap(NULL, total * sizeof *values, PROT_READ, MAP_PRIVATE, fileno(file), 0);
  if (values == MAP_FAILED) exit(1);
  fclose(file);
  for (size_t t = 0; t < VIT_TENSORS; first += vit_tensor_count(t++)) weights.tensor[t] = values + first;
  return weights;
}

static int find_isa(const char *name) {
  for (int isa = 0; isa <= (int)base_machine_isa(); isa++)
    if (!strcmp(base_isa_name((base_isa)isa), name)) return isa;
  return -1;
}

static const la_gemm *find_gemm(int isa, const char *precision) {
  for (int p = 0; p < LA_PRECISIONS && isa >= 0; p++)
    if (!strcmp(la_precision_name((la_precision)p), precision)) return la_gemm_for((base_isa)isa, (la_precision)p);
  return NULL;
}

static berg_status run(const vit_weights *weights, base_isa isa, const la_gemm *gemm, int threads, int packed,
                       const char *pixels_path, FILE *file, berg_error *error) {
  size_t images;
  uint8_t *pixels = read_pixels(pixels_path, &images);
  vit_network *network = NULL;
  void *workspace = NULL;
  sink to = {file, images * VIT_LAYER_FEATURES};
  float *tokens = malloc(to.values * sizeof *tokens);
  berg_status status = vit_network_new(&network, weights, gemm, vit_kernels_for(isa), error);
  void *matrices = NULL;
  if (!status && packed) {
    matrices = aligned_alloc(64, (vit_network_packed_bytes(network) + 63) / 64 * 64);
    vit_network_pack_into(network, NULL, NULL, threads, NULL, matrices, NULL);
    vit_network_use_packed(network, matrices);
  }
  if (!status) {
    printf("%s\n", gemm->name);
    workspace = aligned_alloc(64, vit_network_workspace(gemm, threads));
    base_team *team = base_team_begin(threads);
    vit_network_run(network, pixels, images, team, workspace, tokens,
                    &(vit_hooks){.after_block = write_block, .user = &to});
    base_team_end(team);
  }
  vit_network_free(network);
  free(matrices);
  free(workspace);
  free(tokens);
  free(pixels);
  return status;
}

static int dump_weights(uint64_t seed, FILE *file) {
  berg_error error = {0};
  vit_weights weights;
  if (vit_weights_random(&weights, seed, 1, &error)) return 1;
  for (size_t t = 0; t < VIT_TENSORS; t++) fwrite(weights.tensor[t], sizeof(float), vit_tensor_count(t), file);
  vit_weights_release(&weights);
  return fclose(file) ? 1 : 0;
}

int main(int argc, char **argv) {
  int blocks = argc == 9 && !strcmp(argv[1], "blocks");
  if (!blocks && !(argc == 4 && !strcmp(argv[1], "weights"))) return 2;
  const int isa = blocks ? find_isa(argv[5]) : 0;
  const la_gemm *gemm = blocks ? find_gemm(isa, argv[6]) : NULL;
  if (blocks && !gemm) return 3;
  FILE *file = fopen(argv[3], "wb");
  if (!file) return 1;
  if (!blocks) return dump_weights(strtoull(argv[2], NULL, 10), file);
  vit_weights weights = map_weights(argv[2]);
  berg_error error = {0};
  berg_status status =
      run(&weights, (base_isa)isa, gemm, atoi(argv[7]), !strcmp(argv[8], "packed"), argv[4], file, &error);
  if (status) fprintf(stderr, "network: %s\n", error.message);
  return fclose(file) || status ? 1 : 0;
}
