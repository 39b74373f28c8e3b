/* What the images of a recording are called. */
#include <string.h>

#include "base/text.h"
#include "train/simulate/simulate_prepared.h"

void simulate_kind_concept(const simulate_kind *kind, const simulate_design *design, size_t image,
                           char name[SIMULATE_CONCEPT_ROOM]) {
  char concept[SIMULATE_NAME_ROOM];
  const size_t index = simulate_concept_of(design, image);
  const size_t number = 1 + (image < design->trainings ? index : image - design->trainings);
  simulate_concept_name(index, concept);
  if (kind->is_numbered)
    base_print(name, SIMULATE_CONCEPT_ROOM, "%05zu_%s", number, concept);
  else
    base_print(name, SIMULATE_CONCEPT_ROOM, "%s", concept);
}

typedef struct room {
  char concept[SIMULATE_CONCEPT_ROOM], stimulus[SIMULATE_NAME_ROOM], file[SIMULATE_CONCEPT_ROOM + SIMULATE_NAME_ROOM];
} room;

bool simulate_name_trials(simulate_trial_names *names, const simulate_recording *recording, io_tree *tree,
                          const simulate_trial *trials, size_t count) {
  room *rooms = io_tree_take(tree, count, sizeof *rooms);
  const char **texts = io_tree_take(tree, count, 3 * sizeof *texts);
  if (!rooms || !texts) return false;
  *names = (simulate_trial_names){texts, texts + count, texts + 2 * count};
  for (size_t t = 0; t < count; t++) {
    simulate_kind_concept(recording->kind, recording->design, trials[t].image, rooms[t].concept);
    simulate_image_name(recording->design, trials[t].image, rooms[t].stimulus);
    base_print(rooms[t].file, sizeof rooms[t].file, "%s/%s", rooms[t].concept, rooms[t].stimulus);
    names->concepts[t] = rooms[t].concept;
    names->stimuli[t] = rooms[t].stimulus;
    names->files[t] = rooms[t].file;
  }
  return true;
}
