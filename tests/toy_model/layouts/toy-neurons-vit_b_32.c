/* A model made up for the tests: neurons with names, chosen by them. */
#include "model/catalog/metadata.h"
#include "model/catalog/selection.h"

static const model_layout_key keys[] = {{"neurons", false}, {NULL, false}};

static berg_status select(model_choice *choice, berg_error *error) {
  const berg_selection *asked = model_asked(choice, "neurons");
  model_list *units = &choice->selection->units[0];
  berg_status status = model_select_times(choice, error);
  if (!status && !asked) status = model_list_add_all(units, model_unit_count(choice, 0), error);
  for (size_t i = 0; asked && i < asked->count && !status; i++)
    status = model_add_labelled(units, choice, choice->layout->outputs[0].units, asked->names[i], asked, error);
  return status;
}

const model_layout model_layout_toy_neurons_vit_b_32 = {
    .modality = "toy",
    .dataset = "none",
    .subject_prefix = "animal",
    .unit = "neuron",
    .outputs = {{"", "reg_param", "toy.names", "text (neurons,)", NULL, NULL}},
    .measured = "spikes",
    .measured_briefly = "spikes",
    .keys = keys,
    .select = select,
};
