# A model is a card and a layout: every <model_id>.json in one folder and <model_id>.c in the other become an entry of the table in
# src/model/catalog/cards.h. Cards are kept as bytes: a C compiler need not take a string literal of more than 4,095 characters.
function(berg_cards target output cards layouts)
  file(GLOB found CONFIGURE_DEPENDS ${cards}/*.json)
  set(arrays "")
  set(entries "")
  foreach(card ${found})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${card})
    get_filename_component(id ${card} NAME_WLE)
    string(MAKE_C_IDENTIFIER ${id} name)
    file(READ ${card} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes ${hex})
    string(APPEND arrays "extern const model_layout model_layout_${name};\nstatic const unsigned char card_${name}[] = {\n${bytes}0x00};\n")
    string(APPEND entries "  {\"${id}\", card_${name}, &model_layout_${name}},\n")
    target_sources(${target} PRIVATE ${layouts}/${id}.c)
  endforeach()
  list(LENGTH found count)
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT
"/* Made by cmake/cards.cmake. */
#include \"model/catalog/cards.h\"
#include \"model/catalog/layout.h\"

@arrays@
const model_card model_cards[] = {
@entries@};
const size_t model_card_count = @count@;
")
  target_sources(${target} PRIVATE ${output})
endfunction()

berg_cards(berg_model ${PROJECT_BINARY_DIR}/generated/cards.c ${PROJECT_SOURCE_DIR}/src/model/catalog/cards
           ${PROJECT_SOURCE_DIR}/src/model/catalog/layouts)
