// SPDX-License-Identifier: BSD-2-Clause
// open_beneath: opens a name in a folder, and nothing that lies elsewhere: no symbolic link is followed, no magic link
// of /proc, no "..".
#pragma once

#include <string>

#include <sys/types.h>

#include "base/handle.h"

namespace mailweir {

// `name`: one name, not a path. `flags`, `mode`: as for openat(2); the mode counts only with O_CREAT. O_CLOEXEC and
// O_NOFOLLOW are always set. An empty result: errno says why. ELOOP: it is a symbolic link (ENOTDIR with
// O_DIRECTORY); EXDEV: it lies outside.
//
// Uses openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS (Linux 5.6); where the kernel does not have it, or a
// seccomp filter refuses it, open_beneath_by_name().
Fd open_beneath(const Fd& folder, const std::string& name, int flags, mode_t mode = 0);

// The same by openat(2), which is as good for one name.
Fd open_beneath_by_name(const Fd& folder, const std::string& name, int flags, mode_t mode = 0);

}  // namespace mailweir
