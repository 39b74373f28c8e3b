/* The limits of this machine, measured. */
#include "base/isa.h"
#include "base/memory.h"
#include "base/threads.h"
#include "io/value/json_build.h"
#include "io/file/disk_rate.h"
#include "io/value/json_print.h"
#include "la/rate.h"
#include "model/inspect/bench.h"

#define DISK_BYTES ((size_t)256 << 20)

static berg_status add_rate(cJSON *products, const la_gemm *gemm, int threads, double seconds, berg_error *error) {
  la_rate *rate = NULL;
  berg_status status = la_rate_new(&rate, gemm, MODEL_BENCH_ROWS, threads, error);
  if (status) return status;
  la_rate_products(rate, seconds / 4); /* wakes the processor and its vector units */
  cJSON *entry = io_json_add_object(products, la_precision_name(gemm->precision));
  io_json_add_text(entry, "by", gemm->name);
  io_json_add_number(entry, "flops", la_rate_products(rate, seconds));
  io_json_add_number(entry, "rows", MODEL_BENCH_ROWS);
  if (gemm->multiply_registers) io_json_add_number(entry, "limit", la_rate_limit(gemm, threads, seconds));
  la_rate_free(rate);
  return BERG_OK;
}

static berg_status add_bandwidth(cJSON *tree, int threads, double seconds, const char *folder, berg_error *error) {
  double memory = 0, written = 0, read = 0;
  berg_status status = la_rate_memory(threads, seconds, &memory, error);
  if (status) return status;
  io_json_add_number(io_json_add_object(tree, "bandwidth"), "read", memory);
  if (!folder) return BERG_OK;
  status = io_disk_rate(folder, DISK_BYTES, &written, &read, error);
  if (status) return status;
  cJSON *disk = io_json_add_object(tree, "disk");
  io_json_add_text(disk, "folder", folder);
  io_json_add_number(disk, "write", written);
  io_json_add_number(disk, "read", read);
  return BERG_OK;
}

/* Each precision that `isa` has, and float32 in registers alone. */
static berg_status add_products(cJSON *tree, base_isa isa, int threads, double seconds, berg_error *error) {
  berg_status status = BERG_OK;
  cJSON *products = io_json_add_object(tree, "products");
  for (la_precision p = LA_F32; p < LA_PRECISIONS && !status; p++) {
    const la_gemm *gemm = la_gemm_for(isa, p);
    if (gemm) status = add_rate(products, gemm, threads, seconds, error);
  }
  cJSON *peak = io_json_add_object(products, "f32_in_registers");
  io_json_add_number(peak, "flops", la_rate_peak(la_kernels_for(isa), threads, seconds));
  return status;
}

static berg_status add_others(cJSON *tree, base_isa but, int threads, double seconds, berg_error *error) {
  berg_status status = BERG_OK;
  cJSON *others = io_json_add_object(tree, "other_instruction_sets");
  for (base_isa isa = BASE_ISA_PORTABLE; isa < BASE_ISA_COUNT && !status; isa++)
    if (isa != but && base_machine_has(isa))
      status = add_products(io_json_add_object(others, base_isa_name(isa)), isa, threads, seconds, error);
  return status;
}

berg_status berg_bench_machine(char **json, const char *asked, int wanted, double seconds, const char *folder,
                               berg_error *error) {
  const int threads = base_threads_for(wanted);
  base_isa isa;
  char name[128];
  *json = NULL;
  berg_status status = base_isa_choose(&isa, asked, error);
  if (status) return status;
  base_machine_name(name, sizeof name);
  cJSON *tree = io_json_object();
  io_json_add_text(tree, "cpu", name);
  io_json_add_text(tree, "isa", base_isa_name(isa));
  io_json_add_number(tree, "threads", threads);
  status = add_products(tree, isa, threads, seconds, error);
  if (!status && !asked) status = add_others(tree, isa, threads, seconds, error);
  if (!status) status = add_bandwidth(tree, threads, seconds, folder, error);
  if (!status) status = io_json_print(tree, json, error);
  cJSON_Delete(tree);
  return status;
}
