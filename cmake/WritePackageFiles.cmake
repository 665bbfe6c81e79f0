# SPDX-License-Identifier: Apache-2.0
# Runs when something is installed: files that the program STERNA writes about itself, and CHANGELOG, go to WRITTEN.
file(REMOVE_RECURSE ${WRITTEN})
file(MAKE_DIRECTORY ${WRITTEN})
foreach(shell bash zsh fish)
  execute_process(COMMAND ${STERNA} completion ${shell} OUTPUT_FILE ${WRITTEN}/sterna.${shell} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# gzip -n: the same bytes each time.
function(compress file name)
  execute_process(COMMAND gzip -9nc ${file} OUTPUT_FILE ${WRITTEN}/${name} COMMAND_ERROR_IS_FATAL ANY)
endfunction()
compress(${CHANGELOG} NEWS.gz)  # changelog.gz would have to be in a form of Debian's own

find_program(help2man help2man)
if(help2man)
  execute_process(COMMAND ${help2man} --no-info "--name=run ternary language models" --output=${WRITTEN}/sterna.1 ${STERNA}
                  COMMAND_ERROR_IS_FATAL ANY)
  compress(${WRITTEN}/sterna.1 sterna.1.gz)
endif()
