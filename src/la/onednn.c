#include "la/onednn.h"

#include <dnnl.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define MAX_SHAPES 128

/* Same bits for any batch need oneDNN's batch-reduce kernels ("brg:..." in 2.x, "brg_matmul:..." in 3.x): they walk k in the
 * same order for every m. "gemm:jit" does not, and comes unasked with run-time sizes or padded rows. */
#define STEADY_PREFIX "brg"

typedef struct product_shape {
  size_t m, k, panel;
  bool packed;
  dnnl_primitive_t primitive;
  dnnl_primitive_desc_t description;
  size_t scratch;
} product_shape;

struct la_engine {
  const la_kernels *kernels;
  dnnl_engine_t engine;
  bool library;
  char text[96];
  product_shape shapes[MAX_SHAPES];
  size_t shape_count;
  size_t scratch;
};

/* --- The lines that differ between oneDNN 2 and 3 --- */

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout;
typedef const_dnnl_memory_desc_t const_layout;

static dnnl_status_t layout_strided(layout *out, const dnnl_dims_t sizes, const dnnl_dims_t strides) {
  return dnnl_memory_desc_create_with_strides(out, 2, sizes, dnnl_f32, strides);
}
static dnnl_status_t layout_any(layout *out, const dnnl_dims_t sizes) {
  return dnnl_memory_desc_create_with_tag(out, 2, sizes, dnnl_f32, dnnl_format_tag_any);
}
static void layout_free(layout *which) {
  if (*which) dnnl_memory_desc_destroy(*which);
}
static const_layout layout_of(const layout *which) { return *which; }
static dnnl_status_t describe_product(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const layout *x,
                                      const layout *w, const layout *y, dnnl_primitive_attr_t attributes) {
  return dnnl_matmul_primitive_desc_create(out, engine, *x, *w, NULL, *y, attributes);
}
#else
typedef dnnl_memory_desc_t layout;
typedef const dnnl_memory_desc_t *const_layout;

static dnnl_status_t layout_strided(layout *out, const dnnl_dims_t sizes, const dnnl_dims_t strides) {
  return dnnl_memory_desc_init_by_strides(out, 2, sizes, dnnl_f32, strides);
}
static dnnl_status_t layout_any(layout *out, const dnnl_dims_t sizes) {
  return dnnl_memory_desc_init_by_tag(out, 2, sizes, dnnl_f32, dnnl_format_tag_any);
}
static void layout_free(layout *which) { (void)which; }
static const_layout layout_of(const layout *which) { return which; }
static dnnl_status_t describe_product(dnnl_primitive_desc_t *out, dnnl_engine_t engine, const layout *x,
                                      const layout *w, const layout *y, dnnl_primitive_attr_t attributes) {
  dnnl_matmul_desc_t product;
  dnnl_status_t status = dnnl_matmul_desc_init(&product, x, w, NULL, y);
  return status ? status : dnnl_primitive_desc_create(out, &product, attributes, engine, NULL);
}
#endif

/* --- */

static const_layout weights_layout(const product_shape *shape) {
  return dnnl_primitive_desc_query_md(shape->description, dnnl_query_weights_md, 0);
}

static const char *implementation(const product_shape *shape) {
  const char *name = NULL;
  dnnl_primitive_desc_query(shape->description, dnnl_query_impl_info_str, 0, &name);
  return name ? name : "";
}

static void release_shape(product_shape *shape) {
  if (shape->primitive) dnnl_primitive_destroy(shape->primitive);
  if (shape->description) dnnl_primitive_desc_destroy(shape->description);
}

/* Row-major [rows][columns], or its transpose seen as [columns][rows]. */
static dnnl_status_t make_layouts(size_t m, size_t k, size_t panel, bool packed, layout *x, layout *w, layout *y) {
  const dnnl_dim_t M = (dnnl_dim_t)m, K = (dnnl_dim_t)k, N = (dnnl_dim_t)panel;
  dnnl_status_t status = layout_strided(x, (dnnl_dims_t){M, K}, (dnnl_dims_t){K, 1});
  if (!status)
    status = packed ? layout_any(w, (dnnl_dims_t){K, N}) : layout_strided(w, (dnnl_dims_t){K, N}, (dnnl_dims_t){1, K});
  return status ? status : layout_strided(y, (dnnl_dims_t){M, N}, (dnnl_dims_t){N, 1});
}

static dnnl_status_t make_shape(dnnl_engine_t engine, size_t m, size_t k, size_t panel, bool packed,
                                product_shape *shape) {
  layout x = {0}, w = {0}, y = {0};
  dnnl_primitive_attr_t attributes;
  *shape = (product_shape){.m = m, .k = k, .panel = panel, .packed = packed};
  dnnl_status_t status = make_layouts(m, k, panel, packed, &x, &w, &y);
  if (!status) status = dnnl_primitive_attr_create(&attributes);
  if (!status) {
    status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (!status) status = describe_product(&shape->description, engine, &x, &w, &y, attributes);
    if (!status) status = dnnl_primitive_create(&shape->primitive, shape->description);
    if (!status)
      shape->scratch =
          dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(shape->description, dnnl_query_scratchpad_md, 0));
    dnnl_primitive_attr_destroy(attributes);
  }
  layout_free(&x);
  layout_free(&w);
  layout_free(&y);
  return status;
}

/* A primitive keeps the number of threads it was made under; ours are made for one. */
static dnnl_status_t make_single_threaded(dnnl_engine_t engine, size_t m, size_t k, size_t panel, bool packed,
                                          product_shape *shape) {
  dnnl_status_t status = dnnl_success;
#pragma omp parallel num_threads(1)
  {
    la_engine_enter_thread();
    status = make_shape(engine, m, k, panel, packed, shape);
  }
  return status;
}

static bool is_steady(const product_shape *shape) {
  /* a packing that pads would not fit the n * k floats that la_old_matrix promises */
  return !strncmp(implementation(shape), STEADY_PREFIX, strlen(STEADY_PREFIX)) &&
         (!shape->packed ||
          dnnl_memory_desc_get_size(weights_layout(shape)) == shape->k * shape->panel * sizeof(float));
}

static const product_shape *find(const la_engine *engine, size_t m, size_t k, size_t panel, bool packed) {
  for (size_t i = 0; i < engine->shape_count; i++) {
    const product_shape *shape = &engine->shapes[i];
    if ((m == 0 || shape->m == m) && shape->k == k && shape->panel == panel && shape->packed == packed) return shape;
  }
  return NULL;
}

static bool add_shape(la_engine *engine, size_t m, size_t k, size_t panel, bool packed) {
  if (find(engine, m, k, panel, packed)) return true;
  if (engine->shape_count == MAX_SHAPES) return false;
  product_shape *shape = &engine->shapes[engine->shape_count];
  if (make_single_threaded(engine->engine, m, k, panel, packed, shape) || !is_steady(shape)) {
    release_shape(shape);
    return false;
  }
  engine->shape_count++;
  if (shape->scratch > engine->scratch) engine->scratch = shape->scratch;
  return true;
}

berg_status la_engine_new(la_engine **out, const la_kernels *kernels, berg_error *error) {
  *out = NULL;
  la_engine *engine = base_calloc(1, sizeof *engine, error);
  if (!engine) return BERG_ELIMIT;
  engine->kernels = kernels;
  const dnnl_version_t *version = dnnl_version();
  /* One small shape asks the question for this machine: other shapes get the same family of kernels. */
  engine->library = dnnl_engine_create(&engine->engine, dnnl_cpu, 0) == dnnl_success &&
                    add_shape(engine, 50, 768, 64, false) && add_shape(engine, 50, 768, 64, true);
  if (engine->library)
    snprintf(engine->text, sizeof engine->text, "oneDNN %d.%d.%d (%s)", version->major, version->minor, version->patch,
             implementation(&engine->shapes[0]));
  else
    snprintf(engine->text, sizeof engine->text, "own dot products (oneDNN %d.%d.%d has no steady kernel here)",
             version->major, version->minor, version->patch);
  *out = engine;
  return BERG_OK;
}

void la_engine_free(la_engine *engine) {
  if (!engine) return;
  for (size_t i = 0; i < engine->shape_count; i++) release_shape(&engine->shapes[i]);
  if (engine->engine) dnnl_engine_destroy(engine->engine);
  base_free(engine);
}

bool la_engine_is_library(const la_engine *engine) { return engine->library; }

const char *la_engine_description(const la_engine *engine) { return engine->text; }

size_t la_engine_scratch(const la_engine *engine) { return engine->scratch; }

berg_status la_engine_plan(la_engine *engine, size_t m, size_t k, size_t panel, berg_error *error) {
  if (!engine->library || (add_shape(engine, m, k, panel, false) && add_shape(engine, m, k, panel, true)))
    return BERG_OK;
  return base_fail(error, BERG_EINTERNAL, "oneDNN has no steady kernel for a product of %zu x %zu by %zu x %zu", m, k,
                   k, panel);
}

/* dnnl_memory_t objects are handles on the caller's bytes; making one costs less than a microsecond. */
static bool execute(const la_engine *engine, dnnl_primitive_t primitive, size_t count, const int *kinds,
                    const const_layout *layouts, void *const *bytes) {
  dnnl_memory_t memories[4] = {0};
  dnnl_exec_arg_t arguments[4];
  dnnl_stream_t stream = NULL;
  bool done = dnnl_stream_create(&stream, engine->engine, dnnl_stream_default_flags) == dnnl_success;
  for (size_t i = 0; i < count && done; i++) {
    done = dnnl_memory_create(&memories[i], layouts[i], engine->engine, bytes[i]) == dnnl_success;
    arguments[i] = (dnnl_exec_arg_t){kinds[i], memories[i]};
  }
  done = done && dnnl_primitive_execute(primitive, stream, (int)count, arguments) == dnnl_success &&
         dnnl_stream_wait(stream) == dnnl_success;
  for (size_t i = 0; i < count; i++)
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  if (stream) dnnl_stream_destroy(stream);
  return done;
}

/* Packs w of [k][panel], whose element (l, j) lies at from[l * k_stride + j * panel_stride]. */
static berg_status pack(const la_engine *engine, size_t k, size_t panel, const float *from, size_t k_stride,
                        size_t panel_stride, float *to, berg_error *error) {
  if (!engine->library) {
    for (size_t j = 0; j < panel; j++)
      for (size_t l = 0; l < k; l++) to[j * k + l] = from[l * k_stride + j * panel_stride];
    return BERG_OK;
  }
  const product_shape *shape = find(engine, 0, k, panel, true);
  layout plain;
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t reorder = NULL;
  bool done = false;
  if (shape && layout_strided(&plain, (dnnl_dims_t){(dnnl_dim_t)k, (dnnl_dim_t)panel},
                              (dnnl_dims_t){(dnnl_dim_t)k_stride, (dnnl_dim_t)panel_stride}) == dnnl_success) {
    done = dnnl_reorder_primitive_desc_create(&description, layout_of(&plain), engine->engine, weights_layout(shape),
                                              engine->engine, NULL) == dnnl_success &&
           dnnl_primitive_create(&reorder, description) == dnnl_success &&
           execute(engine, reorder, 2, (const int[]){DNNL_ARG_FROM, DNNL_ARG_TO},
                   (const const_layout[]){layout_of(&plain), weights_layout(shape)}, (void *const[]){(void *)from, to});
    if (reorder) dnnl_primitive_destroy(reorder);
    if (description) dnnl_primitive_desc_destroy(description);
    layout_free(&plain);
  }
  return done ? BERG_OK : base_fail(error, BERG_EINTERNAL, "oneDNN could not pack a matrix of %zu x %zu", panel, k);
}

berg_status la_pack_panel(const la_engine *engine, const la_old_matrix *matrix, size_t index, float *to,
                          berg_error *error) {
  return pack(engine, matrix->k, matrix->panel, matrix->rows + index * matrix->panel * matrix->k, 1, matrix->k, to,
              error);
}

berg_status la_pack_columns(const la_engine *engine, size_t k, size_t panel, const float *from, size_t ld, float *to,
                            berg_error *error) {
  return pack(engine, k, panel, from, ld, 1, to, error);
}

bool la_old_product(const la_engine *engine, size_t m, const la_old_matrix *matrix, size_t index, const float *x,
                    float *y, void *scratch) {
  const size_t k = matrix->k, panel = matrix->panel;
  const float *w = (matrix->packed ? matrix->packed : matrix->rows) + index * panel * k;
  if (!engine->library) {
    engine->kernels->dot_rows(x, k, m, w, k * sizeof *w, panel, k, y, panel, NULL);
    return true;
  }
  const product_shape *shape = find(engine, m, k, panel, matrix->packed != NULL);
  if (!shape) return false;
  const const_layout layouts[] = {dnnl_primitive_desc_query_md(shape->description, dnnl_query_src_md, 0),
                                  weights_layout(shape),
                                  dnnl_primitive_desc_query_md(shape->description, dnnl_query_dst_md, 0),
                                  dnnl_primitive_desc_query_md(shape->description, dnnl_query_scratchpad_md, 0)};
  return execute(engine, shape->primitive, 4,
                 (const int[]){DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD}, layouts,
                 (void *const[]){(void *)x, (void *)w, y, scratch});
}

void la_engine_enter_thread(void) { omp_set_num_threads(1); }
