# SPDX-License-Identifier: Apache-2.0
# Files into a source file: cmake -DOUTPUT=page_files.inc -DDIRECTORY=page -P EmbedFiles.cmake. For each file an array
# of its bytes, then a row of `kEmbedded`. The bytes stand as numbers, for string literals have a largest length.
file(GLOB files ${DIRECTORY}/*.html ${DIRECTORY}/*.css ${DIRECTORY}/*.js ${DIRECTORY}/*.svg)
set(arrays "")
set(rows "")
set(index 0)
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  file(READ ${file} bytes HEX)
  file(SHA256 ${file} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND arrays "constexpr char kFile${index}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${name}\", \"\\\"${hash}\\\"\", {kFile${index}, sizeof kFile${index}}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUTPUT} "${arrays}constexpr Embedded kEmbedded[] = {\n${rows}};\n")
