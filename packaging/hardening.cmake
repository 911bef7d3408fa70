# What a Linux distribution would add to the flags against errors in memory, where compiler and linker have it. Not in
# builds with sanitizers, which watch the same places themselves; _FORTIFY_SOURCE only where the compiler optimises, and
# not where whoever builds has set it, as dpkg-buildflags does. tests/hardening.sh looks for it in what was built.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)
include(CheckPIESupported)

# -pie for the programs, whose objects CMAKE_POSITION_INDEPENDENT_CODE has made for it.
check_pie_supported(LANGUAGES C)

# The other half of -fcf-protection, marks where calls may arrive, costs 2 % and more, and Linux does not ask for them.
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=return)
  string(MAKE_C_IDENTIFIER "SSR_HAS${flag}" has)
  check_c_compiler_flag(${flag} ${has})
  if(${has})
    add_compile_options(${flag})
  endif()
endforeach()

foreach(flag relro now noexecstack)
  check_linker_flag(C "-Wl,-z,${flag}" SSR_HAS_Z_${flag})
  if(SSR_HAS_Z_${flag})
    add_link_options(-Wl,-z,${flag})
  endif()
endforeach()

# A C library that does not know level 3 warns of it in its headers.
set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_c_source_compiles("#include <stdio.h>\nint main(void) { return puts(\"\") < 0; }" SSR_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
if(NOT CMAKE_C_FLAGS MATCHES "_FORTIFY_SOURCE")
  add_compile_options("$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=$<IF:$<BOOL:${SSR_HAS_FORTIFY_3}>,3,2>>")
endif()
