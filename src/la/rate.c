/* Measuring the rates of products, of registers and of memory. */
#include "la/rate.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"

#define SHAPES 4
#define LARGEST_N 3072
#define LARGEST_K 3072
#define MEMORY_BLOCK ((size_t)768 << 20)

static const struct { size_t k, n; } shapes[SHAPES] = {{768, 2304}, {768, 768}, {768, 3072}, {3072, 768}};

struct la_rate {
  la_matrix matrices[SHAPES];
  char *packed;
  char *x;      /* each thread: rows of LA_DEPTH */
  float *scale; /* of them */
  float *y;     /* each thread: [rows][LARGEST_N] */
  float *buffers;
  size_t rows;
  int threads;
};

static berg_status allocate(la_rate *rate, const la_gemm *gemm, berg_error *error) {
  const size_t team = (size_t)rate->threads;
  size_t bytes = 0;
  for (size_t i = 0; i < SHAPES; i++) bytes += la_matrix_bytes(&rate->matrices[i]);
  rate->packed = base_alloc_large(bytes, 1, error);
  rate->x = base_alloc_large(team * rate->rows, gemm->row_bytes(LA_DEPTH), error);
  rate->scale = base_calloc(rate->rows, sizeof(float), error);
  rate->y = base_alloc_large(team * rate->rows * LARGEST_N, sizeof(float), error);
  rate->buffers = base_alloc_large(team, gemm->thread_bytes, error);
  if (!(rate->packed && rate->x && rate->scale && rate->y && rate->buffers)) return BERG_ELIMIT;
  /* any numbers will do except zeros, which cost less power, and subnormals; every row of the matrices is the same */
  float row[LARGEST_K];
  for (size_t i = 0; i < LARGEST_K; i++) row[i] = (float)(i % 17) * 0.01f - 0.08f;
  for (size_t i = 0, at = 0; i < SHAPES; i++) {
    la_matrix *matrix = &rate->matrices[i];
    matrix->rows = (const char *)row;
    for (size_t s = 0, panels = la_matrix_panels(matrix); s < panels * la_matrix_blocks(matrix); s++)
      la_matrix_pack(matrix, s / panels, s % panels, rate->buffers,
                     rate->packed + at + la_matrix_offset(matrix, s / panels, s % panels));
    matrix->packed = rate->packed + at;
    at += la_matrix_bytes(matrix);
  }
  const size_t row_bytes = gemm->row_bytes(LA_DEPTH);
  for (size_t i = 0; i < team * rate->rows; i++) {
    if (gemm->load)
      gemm->load(row, LA_DEPTH, rate->x + i * row_bytes, &rate->scale[i % rate->rows]);
    else
      memcpy(rate->x + i * row_bytes, row, LA_DEPTH * sizeof *row);
  }
  return BERG_OK;
}

berg_status la_rate_new(la_rate **out, const la_gemm *gemm, size_t rows, int threads, berg_error *error) {
  *out = NULL;
  la_rate *rate = base_calloc(1, sizeof *rate, error);
  if (!rate) return BERG_ELIMIT;
  *rate = (la_rate){.rows = rows, .threads = threads};
  for (size_t i = 0; i < SHAPES; i++) rate->matrices[i] = (la_matrix){.gemm = gemm, .n = shapes[i].n, .k = shapes[i].k};
  berg_status status = allocate(rate, gemm, error);
  if (status)
    la_rate_free(rate);
  else
    *out = rate;
  return status;
}

void la_rate_free(la_rate *rate) {
  if (!rate) return;
  base_free_large(rate->packed);
  base_free_large(rate->x);
  base_free(rate->scale);
  base_free_large(rate->y);
  base_free_large(rate->buffers);
  base_free(rate);
}

typedef struct output {
  float *to;
  size_t ld;
} output;

static void store(const void *user, const float *tile, size_t first, size_t rows) {
  const output *o = user;
  for (size_t r = 0; r < rows; r++) memcpy(o->to + (first + r) * o->ld, tile + r * LA_PANEL, LA_PANEL * sizeof *tile);
}

/* All slabs of matrix `i` with the thread's rows. */
static void multiply_all(const la_rate *rate, size_t i, size_t rank) {
  const la_matrix *matrix = &rate->matrices[i], *next = &rate->matrices[(i + 1) % SHAPES];
  const size_t panels = la_matrix_panels(matrix), slabs = panels * la_matrix_blocks(matrix),
               row_bytes = matrix->gemm->row_bytes(LA_DEPTH);
  for (size_t s = 0; s < slabs; s++) {
    const output out = {rate->y + rank * rate->rows * LARGEST_N + s % panels * LA_PANEL, matrix->n};
    la_product product = {.rows = rate->rows,
                          .x = rate->x + rank * rate->rows * row_bytes,
                          .row_bytes = row_bytes,
                          .scale = rate->scale,
                          .buffer = rate->buffers + rank * (matrix->gemm->thread_bytes / sizeof(float)),
                          .finish = store,
                          .user = &out};
    product.next =
        s + 1 < slabs ? la_matrix_fetch(matrix, (s + 1) / panels, (s + 1) % panels) : la_matrix_fetch(next, 0, 0);
    la_matrix_multiply(matrix, s / panels, s % panels, &product);
  }
}

/* --- All threads at once: each does its piece for the time given. The piece of a thread that could not be started is
 * done by another one afterwards, so the rate is the work of all pieces over the time that all took. --- */

typedef struct turn {
  const la_rate *rate;       /* of products ... */
  const la_kernels *kernels; /* ... or of registers ... */
  const la_gemm *gemm;       /* ... or of those of an engine */
  double seconds;
  pthread_mutex_t guard;
  double work; /* of all pieces */
} turn;

static void add_work(turn *t, double work) {
  pthread_mutex_lock(&t->guard);
  t->work += work;
  pthread_mutex_unlock(&t->guard);
}

static double run_turn(turn *t, int threads, base_piece piece) {
  pthread_mutex_init(&t->guard, NULL);
  base_team *team = base_team_begin(threads);
  const double start = base_machine_seconds();
  base_team_share(team, (size_t)threads, piece, t);
  const double spent = base_machine_seconds() - start;
  base_team_end(team);
  pthread_mutex_destroy(&t->guard);
  return t->work / spent;
}

static void multiply_for_a_time(void *user, size_t index, size_t rank) {
  turn *t = user;
  const la_gemm *gemm = t->rate->matrices[0].gemm;
  const double start = base_machine_seconds();
  double work = 0;
  (void)index;
  la_gemm_begin(gemm);
  do {
    for (size_t i = 0; i < SHAPES; i++) {
      multiply_all(t->rate, i, rank);
      work += 2.0 * (double)t->rate->rows * (double)shapes[i].k * (double)shapes[i].n;
    }
  } while (base_machine_seconds() - start < t->seconds);
  la_gemm_end(gemm);
  add_work(t, work);
}

double la_rate_products(la_rate *rate, double seconds) {
  return run_turn(&(turn){.rate = rate, .seconds = seconds}, rate->threads, multiply_for_a_time);
}

static void multiply_in_registers(void *user, size_t index, size_t rank) {
  turn *t = user;
  const double start = base_machine_seconds();
  float sink[16] = {0};
  double work = 0;
  (void)index, (void)rank;
  do {
    work += t->kernels->multiply_registers(100000, sink);
  } while (base_machine_seconds() - start < t->seconds);
  add_work(t, sink[0] >= 0 ? work : 0); /* the sum is used, so that the loop stays */
}

double la_rate_peak(const la_kernels *kernels, int threads, double seconds) {
  return run_turn(&(turn){.kernels = kernels, .seconds = seconds}, threads, multiply_in_registers);
}

/* Fewer than of vectors: a round of the tile unit is 64 cycles. */
#define ENGINE_ROUNDS 20000

static void multiply_in_the_engines(void *user, size_t index, size_t rank) {
  turn *t = user;
  const double start = base_machine_seconds();
  double work = 0;
  (void)index, (void)rank;
  la_gemm_begin(t->gemm);
  do {
    work += t->gemm->multiply_registers(ENGINE_ROUNDS);
  } while (base_machine_seconds() - start < t->seconds);
  la_gemm_end(t->gemm);
  add_work(t, work);
}

double la_rate_limit(const la_gemm *gemm, int threads, double seconds) {
  return run_turn(&(turn){.gemm = gemm, .seconds = seconds}, threads, multiply_in_the_engines);
}

/* Pieces of the block that threads read one after the other. */
#define READ_WORDS ((size_t)1 << 19)

typedef struct reading {
  const uint64_t *words;
  atomic_uint_fast64_t sum;
} reading;

static void read_words(void *user, size_t index, size_t rank) {
  reading *r = user;
  uint64_t sum = 0;
  (void)rank;
  for (size_t i = 0; i < READ_WORDS; i++) sum += r->words[index * READ_WORDS + i];
  atomic_fetch_add_explicit(&r->sum, sum, memory_order_relaxed);
}

berg_status la_rate_memory(int threads, double seconds, double *bytes_per_second, berg_error *error) {
  uint64_t *block = base_alloc_large(MEMORY_BLOCK, 1, error);
  if (!block) return BERG_ELIMIT;
  memset(block, 1, MEMORY_BLOCK);
  reading r = {.words = block};
  base_team *team = base_team_begin(threads);
  double start = base_machine_seconds(), spent, read = 0;
  do {
    base_team_share(team, MEMORY_BLOCK / sizeof *block / READ_WORDS, read_words, &r);
    read += (double)MEMORY_BLOCK;
    spent = base_machine_seconds() - start;
  } while (spent < seconds);
  base_team_end(team);
  /* the sum is used, so that the loop stays */
  *bytes_per_second = r.sum ? read / spent : 0;
  base_free_large(block);
  return BERG_OK;
}
