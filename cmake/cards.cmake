# Every src/model/catalog/cards/<model_id>.json becomes an entry of the table in src/model/catalog/cards.h. As bytes: a C compiler need
# not take a string literal of more than 4,095 characters.
file(GLOB cards CONFIGURE_DEPENDS src/model/catalog/cards/*.json)
set(arrays "")
set(entries "")
foreach(card ${cards})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${card})
  get_filename_component(id ${card} NAME_WLE)
  string(MAKE_C_IDENTIFIER ${id} name)
  file(READ ${card} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes ${hex})
  string(APPEND arrays "static const unsigned char card_${name}[] = {\n${bytes}0x00};\n")
  string(APPEND entries "  {\"${id}\", card_${name}},\n")
endforeach()
list(LENGTH cards count)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/cards.c @ONLY CONTENT
"/* Made by cmake/cards.cmake from src/model/catalog/cards. */
#include \"model/catalog/cards.h\"

@arrays@
const model_card model_cards[] = {
@entries@};
const size_t model_card_count = @count@;
")
target_sources(berg_model PRIVATE ${PROJECT_BINARY_DIR}/generated/cards.c)
