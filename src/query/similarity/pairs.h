/* What is said of every pair of images: dissimilarities of points, or a matrix, tile by tile. */
#ifndef QUERY_PAIRS_H
#define QUERY_PAIRS_H

#include "query/scores/points.h"

/* A tile of pairs as it is visited: rows x columns, QUERY_TILE_COLUMNS from row to row. */
#define QUERY_TILE_ROWS 8
#define QUERY_TILE_COLUMNS 24
/* Images of the rows or columns that are visited in one call, at most: a multiple of both. */
#define QUERY_SPAN ((size_t)1920)
/* Rows that one thread visits in their order. */
#define QUERY_GROUP ((size_t)64)

/* One way to compare images: points, or a matrix. */
typedef struct query_pairs {
  size_t count; /* images */
  query_metric metric;
  size_t width;             /* of points */
  double *strips;           /* [count / QUERY_TILE_COLUMNS, rounded up][width][QUERY_TILE_COLUMNS] */
  double *squares;          /* squared lengths of the points, as many as strips have room for */
  double share;             /* that dissimilarities are multiplied by */
  const berg_array *matrix; /* in place of points: (count, count) or the pairs above its diagonal */
  const size_t *kept;       /* [count] which of the matrix' images these are; NULL: all */
  size_t whole;             /* images of the matrix */
  const berg_run *run;      /* of the first of several is asked in each visit; NULL: nobody is */
} query_pairs;

/* Room for `count` points, to be put there. ELIMIT. */
berg_status query_pairs_new(query_pairs *pairs, size_t count, size_t width, query_metric metric, berg_error *error);
/* Points [first, first + count) [count][width]; `first` a multiple of QUERY_TILE_COLUMNS. */
void query_pairs_put(query_pairs *pairs, size_t first, size_t count, const double *x);
void query_pairs_release(query_pairs *pairs);
/* All points of a region. */
berg_status query_pairs_of(query_pairs *pairs, query_points *points, berg_error *error);

/* Tiles of the dissimilarities of each side, of images [row, row + rows) and [column, column + columns): 0 of an image
 * and itself; NaN where one has no pattern. In a call of query_pairs_visit one group of rows is one thread's, its tiles
 * in a fixed order. */
typedef void (*query_visit)(void *user, size_t row, size_t rows, size_t column, size_t columns,
                            const double *const *tiles);

/* Visits pairs of images [top, top + rows) and [left, left + columns), both at most QUERY_SPAN, top and left
 * multiples of it. `sides` [count], at most 2, of the same images. ELIMIT, ECANCELLED. */
berg_status query_pairs_visit(const query_pairs *const *sides, size_t count, size_t top, size_t left, int threads,
                              query_visit visit, void *user, berg_error *error);

#endif
