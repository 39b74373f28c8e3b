/* A set of numbered units (rows, images, panels) that are done, as ranges: for journals, and for whoever goes on with
 * them. */
#ifndef IO_RANGES_H
#define IO_RANGES_H

#include <stdbool.h>
#include <stddef.h>

/* Enough for every other one of a thousand parts to be missing. */
#define IO_RANGES 512

typedef struct io_range {
  size_t first, end;
} io_range;

/* Ascending, none empty, with a gap between each and the next. All zeros is the empty set. */
typedef struct io_ranges {
  io_range list[IO_RANGES];
  size_t count;
} io_ranges;

/* Adds [first, end), which may overlap what is there. False, and nothing is changed, where more than IO_RANGES would be
 * left. */
bool io_ranges_add(io_ranges *ranges, size_t first, size_t end);
/* Takes [first, end) out of it. Where more than IO_RANGES would be left, what stands behind in its range goes too. */
void io_ranges_remove(io_ranges *ranges, size_t first, size_t end);
/* Units before the first that is missing. */
size_t io_ranges_before(const io_ranges *ranges);
size_t io_ranges_total(const io_ranges *ranges);
/* Behind the last one. */
size_t io_ranges_end(const io_ranges *ranges);
bool io_ranges_same(const io_ranges *a, const io_ranges *b);
/* The first gap at or behind `from` and before `count`: false where there is none. */
bool io_ranges_gap(const io_ranges *ranges, size_t from, size_t count, io_range *gap);

/* Of what `done` lacks of `count` units, the part of one of `size` who share it: as much as the others have but for one
 * group of `grain` units, in order, the longer parts first. */
io_ranges io_ranges_share(const io_ranges *done, size_t count, size_t grain, size_t rank, size_t size);

#endif
