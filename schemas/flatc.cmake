# farm_flatbuffers(TARGET name SCHEMAS a.fbs b.fbs): compiles schemas at build time into headers
# "schemas/a_generated.h"; they count as system headers (not our warnings).
find_program(FLATC flatc REQUIRED)
function(farm_flatbuffers)
  cmake_parse_arguments(arg "" "TARGET" "SCHEMAS" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/include/schemas)
  set(headers "")
  foreach(schema IN LISTS arg_SCHEMAS)
    get_filename_component(name ${schema} NAME_WE)
    list(APPEND headers ${out}/${name}_generated.h)
  endforeach()
  list(TRANSFORM arg_SCHEMAS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
  add_custom_command(OUTPUT ${headers}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
    COMMAND ${FLATC} --cpp --cpp-std c++17 --gen-object-api --reflect-types
            --scoped-enums --keep-prefix -o ${out} ${paths}
    DEPENDS ${paths} COMMENT "flatc ${arg_SCHEMAS}" VERBATIM)
  add_custom_target(${arg_TARGET}_headers DEPENDS ${headers})
  add_library(${arg_TARGET} INTERFACE)
  add_dependencies(${arg_TARGET} ${arg_TARGET}_headers)
  target_include_directories(${arg_TARGET} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/include
    ${CMAKE_CURRENT_BINARY_DIR}/include/schemas)
endfunction()
