/* Products by cuBLASLt. A row-major a [m][k] is its column-major [k][m], so d = a b^T becomes d^T = b a^T: the first
 * operand is b, transposed, the second a as it lies, and a bias over our columns is one over its rows.
 *
 * One algorithm a shape, the first of the heuristic's list that keeps the bits: no split of a sum (split-k of 1, no
 * reduction), and for float32 no tensor cores. It is asked for with `usual_m` and used with m, so that less memory does
 * not mean other bits. */
#include <cstdio>
#include <cstdlib>

#include "cuda/device/device.h"

#define CANDIDATES 64

struct cuda_plan {
  cuda_product product;
  cublasLtMatmulDesc_t operation;
  cublasLtMatrixLayout_t first, second, result;
  cublasLtMatmulAlgo_t way;
};

const char *cuda_products_text(void) {
  static char text[48];
  const size_t version = cublasLtGetVersion();
  if (!*text) snprintf(text, sizeof text, "cuBLASLt %zu.%zu.%zu", version / 10000, version / 100 % 100, version % 100);
  return text;
}

static bool done(cublasStatus_t status) { return status == CUBLAS_STATUS_SUCCESS; }

static cudaDataType_t narrow_type(const cuda_product *p) {
  return p->precision == CUDA_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

static bool make_layout(cublasLtMatrixLayout_t *layout, cudaDataType_t type, size_t rows, size_t columns, size_t ld,
                        size_t batch, size_t step) {
  const int32_t count = (int32_t)batch;
  const int64_t stride = (int64_t)step;
  return done(cublasLtMatrixLayoutCreate(layout, type, rows, columns, (int64_t)ld)) &&
         done(cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count)) &&
         done(cublasLtMatrixLayoutSetAttribute(*layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride,
                                               sizeof stride));
}

/* The two layouts that have m in them. */
static bool make_layouts_of(const cuda_product *p, size_t m, size_t step_d, cublasLtMatrixLayout_t *second,
                            cublasLtMatrixLayout_t *result) {
  return make_layout(second, narrow_type(p), p->k, m, p->lda, p->batch, p->step_a) &&
         make_layout(result, p->narrow_out ? narrow_type(p) : CUDA_R_32F, p->n, m, p->ldd, p->batch, step_d);
}

static bool make_operation(cublasLtMatmulDesc_t *operation, const cuda_product *p, cublasComputeType_t compute,
                           const void *any_bias) {
  const cublasOperation_t transposed = CUBLAS_OP_T, plain = CUBLAS_OP_N;
  const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
  return done(cublasLtMatmulDescCreate(operation, compute, CUDA_R_32F)) &&
         done(
             cublasLtMatmulDescSetAttribute(*operation, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed)) &&
         done(cublasLtMatmulDescSetAttribute(*operation, CUBLASLT_MATMUL_DESC_TRANSB, &plain, sizeof plain)) &&
         (!p->add_bias || (done(cublasLtMatmulDescSetAttribute(*operation, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                                                               sizeof epilogue)) &&
                           done(cublasLtMatmulDescSetAttribute(*operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &any_bias,
                                                               sizeof any_bias))));
}

template <typename T>
static bool config_is(const cublasLtMatmulAlgo_t *way, cublasLtMatmulAlgoConfigAttributes_t which, T most) {
  T value = 0;
  size_t written = 0;
  return done(cublasLtMatmulAlgoConfigGetAttribute(way, which, &value, sizeof value, &written)) && value <= most;
}

/* Whether its order of summation is fixed, and in float32 where it must be. */
static bool is_steady(const cublasLtMatmulAlgo_t *way, cuda_precision precision) {
  uint64_t flags = 0;
  size_t written = 0;
  if (!config_is<int32_t>(way, CUBLASLT_ALGO_CONFIG_SPLITK_NUM, 1) ||
      !config_is<uint32_t>(way, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, CUBLASLT_REDUCTION_SCHEME_NONE))
    return false;
  if (precision != CUDA_F32) return true;
  return done(cublasLtMatmulAlgoCapGetAttribute(way, CUBLASLT_ALGO_CAP_NUMERICAL_IMPL_FLAGS, &flags, sizeof flags,
                                                &written)) &&
         !(flags & CUBLASLT_NUMERICAL_IMPL_FLAGS_TENSOR_OP_MASK);
}

static bool find_way(cuda_backend *backend, cuda_plan *plan, cublasLtMatrixLayout_t second,
                     cublasLtMatrixLayout_t result) {
  cublasLtMatmulPreference_t preference = NULL;
  const uint64_t workspace = cuda_products_memory();
  const uint32_t no_reduction = CUBLASLT_REDUCTION_SCHEME_NONE;
  cublasLtMatmulHeuristicResult_t found[CANDIDATES];
  int count = 0;
  bool chosen = false;
  if (done(cublasLtMatmulPreferenceCreate(&preference)) &&
      done(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
                                                sizeof workspace)) &&
      done(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &no_reduction,
                                                sizeof no_reduction)) &&
      done(cublasLtMatmulAlgoGetHeuristic(backend->products, plan->operation, plan->first, second, result, result,
                                          preference, CANDIDATES, found, &count)))
    for (int i = 0; i < count && !chosen; i++) {
      cublasLtMatmulHeuristicResult_t checked;
      plan->way = found[i].algo;
      chosen = done(found[i].state) && is_steady(&found[i].algo, plan->product.precision) &&
               done(cublasLtMatmulAlgoCheck(backend->products, plan->operation, plan->first, plan->second, plan->result,
                                            plan->result, &plan->way, &checked)) &&
               checked.workspaceSize <= workspace;
    }
  if (preference) cublasLtMatmulPreferenceDestroy(preference);
  return chosen;
}

static void release(cuda_plan *plan) {
  if (plan->operation) cublasLtMatmulDescDestroy(plan->operation);
  if (plan->first) cublasLtMatrixLayoutDestroy(plan->first);
  if (plan->second) cublasLtMatrixLayoutDestroy(plan->second);
  if (plan->result) cublasLtMatrixLayoutDestroy(plan->result);
  plan->operation = NULL;
  plan->first = plan->second = plan->result = NULL;
}

static bool make(cuda_backend *backend, cuda_plan *plan, cublasComputeType_t compute) {
  const cuda_product *p = &plan->product;
  /* results of several products lie one after the other, at places that depend on m */
  const size_t usual_step = p->batch > 1 ? p->step_d / p->m * p->usual_m : p->step_d;
  cublasLtMatrixLayout_t second = NULL, result = NULL;
  const bool made = make_operation(&plan->operation, p, compute, backend->workspace) &&
                    make_layout(&plan->first, narrow_type(p), p->k, p->n, p->ldb, p->batch, p->step_b) &&
                    make_layouts_of(p, p->m, p->step_d, &plan->second, &plan->result) &&
                    make_layouts_of(p, p->usual_m, usual_step, &second, &result) &&
                    find_way(backend, plan, second, result);
  if (second) cublasLtMatrixLayoutDestroy(second);
  if (result) cublasLtMatrixLayoutDestroy(result);
  if (!made) release(plan);
  return made;
}

cuda_status cuda_plan_product(cuda_backend *backend, cuda_plan **out, const cuda_product *product, cuda_fault *fault) {
  *out = NULL;
  cuda_plan *plan = (cuda_plan *)calloc(1, sizeof *plan);
  if (!plan) return cuda_fail(fault, CUDA_FAILED, "out of the host's memory");
  plan->product = *product;
  /* the pedantic one first: no setting of the environment makes it emulate float32 by narrower types */
  const bool made = product->precision == CUDA_F32
                        ? make(backend, plan, CUBLAS_COMPUTE_32F_PEDANTIC) || make(backend, plan, CUBLAS_COMPUTE_32F)
                    : product->precision == CUDA_TF32 ? make(backend, plan, CUBLAS_COMPUTE_32F_FAST_TF32)
                                                      : make(backend, plan, CUBLAS_COMPUTE_32F);
  if (!made) {
    free(plan);
    return cuda_fail(fault, CUDA_FAILED, "%s has no way to multiply %s [%zu][%zu] x [%zu][%zu] that keeps the bits",
                     cuda_products_text(), product->name, product->m, product->k, product->n, product->k);
  }
  *out = plan;
  return CUDA_DONE;
}

void cuda_plan_free(cuda_plan *plan) {
  if (!plan) return;
  release(plan);
  free(plan);
}

cuda_status cuda_multiply(cuda_backend *backend, const cuda_plan *plan, const void *a, const void *b, void *d,
                          const float *bias, cuda_fault *fault) {
  const float one = 1, beta = plan->product.add_to ? 1 : 0;
  cublasStatus_t status = CUBLAS_STATUS_SUCCESS;
  if (plan->product.add_bias)
    status = cublasLtMatmulDescSetAttribute(plan->operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias);
  if (done(status))
    status = cublasLtMatmul(backend->products, plan->operation, &one, b, plan->first, a, plan->second, &beta, d,
                            plan->result, d, plan->result, &plan->way, backend->workspace, cuda_products_memory(),
                            backend->streams[CUDA_COMPUTE]);
  if (done(status)) return CUDA_DONE;
  return cuda_fail(fault, CUDA_FAILED, "product %s: %s", plan->product.name, cublasLtGetStatusString(status));
}
