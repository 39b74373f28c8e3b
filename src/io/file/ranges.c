/* Sets of units as few ascending ranges. */
#include "io/file/ranges.h"

#include <string.h>

bool io_ranges_add(io_ranges *ranges, size_t first, size_t end) {
  size_t before = 0, behind;
  if (first >= end) return true;
  while (before < ranges->count && ranges->list[before].end < first) before++;
  for (behind = before; behind < ranges->count && ranges->list[behind].first <= end; behind++) {
    if (ranges->list[behind].first < first) first = ranges->list[behind].first;
    if (ranges->list[behind].end > end) end = ranges->list[behind].end;
  }
  const size_t joined = behind - before, left = ranges->count - behind;
  if (!joined && ranges->count == IO_RANGES) return false;
  memmove(ranges->list + before + 1, ranges->list + behind, left * sizeof *ranges->list);
  ranges->list[before] = (io_range){first, end};
  ranges->count = before + 1 + left;
  return true;
}

void io_ranges_remove(io_ranges *ranges, size_t first, size_t end) {
  io_ranges left = {.count = 0};
  for (size_t i = 0; i < ranges->count; i++) {
    const io_range range = ranges->list[i];
    io_ranges_add(&left, range.first, range.end < first ? range.end : first);
    io_ranges_add(&left, range.first > end ? range.first : end, range.end);
  }
  *ranges = left;
}

size_t io_ranges_before(const io_ranges *ranges) {
  return ranges->count && !ranges->list[0].first ? ranges->list[0].end : 0;
}

size_t io_ranges_total(const io_ranges *ranges) {
  size_t total = 0;
  for (size_t i = 0; i < ranges->count; i++) total += ranges->list[i].end - ranges->list[i].first;
  return total;
}

size_t io_ranges_end(const io_ranges *ranges) { return ranges->count ? ranges->list[ranges->count - 1].end : 0; }

bool io_ranges_same(const io_ranges *a, const io_ranges *b) {
  return a->count == b->count && !memcmp(a->list, b->list, a->count * sizeof *a->list);
}

bool io_ranges_gap(const io_ranges *ranges, size_t from, size_t count, io_range *gap) {
  size_t i = 0;
  for (; i < ranges->count && ranges->list[i].first <= from; i++)
    if (ranges->list[i].end > from) from = ranges->list[i].end;
  const size_t end = i < ranges->count && ranges->list[i].first < count ? ranges->list[i].first : count;
  *gap = (io_range){from, end};
  return from < end;
}

/* Contiguous parts that differ by one at most, the longer ones first: where part `rank` begins. */
static size_t part_begin(size_t count, size_t rank, size_t size) {
  const size_t longer = count % size;
  return rank * (count / size) + (rank < longer ? rank : longer);
}

io_ranges io_ranges_share(const io_ranges *done, size_t count, size_t grain, size_t rank, size_t size) {
  io_ranges share = {.count = 0};
  size_t groups = 0, at = 0;
  for (io_range gap = {0, 0}; io_ranges_gap(done, gap.end, count, &gap);)
    groups += (gap.end - gap.first + grain - 1) / grain;
  const size_t first = part_begin(groups, rank, size), end = part_begin(groups, rank + 1, size);
  for (io_range gap = {0, 0}; io_ranges_gap(done, gap.end, count, &gap);) {
    const size_t here = (gap.end - gap.first + grain - 1) / grain, from = first > at ? first - at : 0;
    const size_t to = end > at ? (end - at < here ? end - at : here) : 0;
    const size_t last = gap.first + to * grain;
    if (from < to) io_ranges_add(&share, gap.first + from * grain, last < gap.end ? last : gap.end);
    at += here;
  }
  return share;
}
