# What `cmake --install` puts where, and the shared libraries, which only an installation has a use for.
#
#   PREFIX/include/ssrstore-0/{ssrstore,cookie,engine}/    the public headers: a folder of their own and of this soname, so
#                                                          that "engine/ssr.h" is found and nobody else's engine/ is met
#   PREFIX/lib/libssrstore.{a,so}, libssrstore_host.{a,so}
#   PREFIX/lib/cmake/ssrstore/, PREFIX/lib/pkgconfig/      both find their prefix from where they lie
#   PREFIX/bin/, PREFIX/share/man/man1/                    with SSR_PROGRAMS
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(SSR_SOVERSION 0)
set(SSR_HEADERS ssrstore/allocator.h ssrstore/atom.h ssrstore/cjson.h ssrstore/context.h ssrstore/draft.h ssrstore/recycler.h
                ssrstore/shared.h ssrstore/ssrstore.h ssrstore/status.def ssrstore/status.h ssrstore/value.h
                cookie/cookie.h cookie/grammar.h cookie/seal.h
                engine/component.h engine/engine.h engine/outcomes.def engine/output.h engine/query.h engine/record.h
                engine/render.h engine/response.h engine/ssr.h engine/types.h
                engine/host/log_file.h engine/host/pool.h engine/host/waker.h)
set(SSR_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR}/ssrstore-${SSR_SOVERSION})
set(SSR_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/ssrstore)
set(SSR_PKGCONFIGDIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

foreach(header IN LISTS SSR_HEADERS)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION ${SSR_INCLUDEDIR}/${folder})
endforeach()

# ssr_install(SET NAME=TARGET...) installs targets as ssrstore::NAME; each set is one kind, static or shared.
function(ssr_install set)
  foreach(pair IN LISTS ARGN)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 target)
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    install(TARGETS ${target} EXPORT ssrstore-${set}
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
            INCLUDES DESTINATION ${SSR_INCLUDEDIR})
  endforeach()
  install(EXPORT ssrstore-${set} FILE ssrstore-${set}.cmake NAMESPACE ssrstore:: DESTINATION ${SSR_CMAKEDIR})
endfunction()

ssr_install(static ssrstore=ssrstore host=ssrstore_host)

# A sanitizer's runtime belongs to the program, so those builds have no shared library.
if(NOT SSR_SANITIZE)
  add_library(ssrstore_shared SHARED $<TARGET_OBJECTS:ssrstore>)
  target_link_libraries(ssrstore_shared PRIVATE PkgConfig::XXHASH Threads::Threads)
  if(SSR_SODIUM)
    target_link_libraries(ssrstore_shared PRIVATE PkgConfig::SODIUM)
  endif()
  add_library(ssrstore_host_shared SHARED $<TARGET_OBJECTS:ssrstore_host>)
  target_link_libraries(ssrstore_host_shared PUBLIC ssrstore_shared PRIVATE Threads::Threads)
  foreach(name ssrstore ssrstore_host)
    set_target_properties(${name}_shared PROPERTIES OUTPUT_NAME ${name} VERSION ${PROJECT_VERSION}
                                                    SOVERSION ${SSR_SOVERSION} LINKER_LANGUAGE C)
    target_link_options(${name}_shared PRIVATE -Wl,--no-undefined -Wl,--as-needed)
  endforeach()
  ssr_optimise_across_files(ssrstore_shared ssrstore_host_shared)
  ssr_install(shared ssrstore=ssrstore_shared host=ssrstore_host_shared)
endif()

# What a static library needs beside it.
set(SSR_PRIVATE_CMAKE libxxhash)
if(SSR_SODIUM)
  list(APPEND SSR_PRIVATE_CMAKE libsodium)
endif()
list(JOIN SSR_PRIVATE_CMAKE ", " SSR_PRIVATE)
list(JOIN SSR_PRIVATE_CMAKE " " SSR_PRIVATE_CMAKE)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/ssrstore-config.cmake.in ssrstore-config.cmake
                              INSTALL_DESTINATION ${SSR_CMAKEDIR})
write_basic_package_version_file(ssrstore-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ssrstore-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/ssrstore-config-version.cmake
        DESTINATION ${SSR_CMAKEDIR})

# From lib/pkgconfig up to the prefix, so that the tree may be moved.
file(RELATIVE_PATH SSR_UP /prefix/${SSR_PKGCONFIGDIR} /prefix)
string(REGEX REPLACE "/$" "" SSR_UP ${SSR_UP})
foreach(package ssrstore ssrstore-host)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${package}.pc.in ${package}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${package}.pc DESTINATION ${SSR_PKGCONFIGDIR})
endforeach()

if(SSR_PROGRAMS)
  install(TARGETS ssrstore_tool ssrdemo RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES docs/man/ssrstore.1 docs/man/ssrdemo.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
