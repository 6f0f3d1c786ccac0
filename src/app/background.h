// SPDX-License-Identifier: BSD-2-Clause
// Going into the background: the parent waits until the child says that it serves, so that its exit status tells
// whether the start succeeded.
#pragma once

#include "base/handle.h"
#include "base/result.h"

namespace mailweir {

class Background {
 public:
  // Forks; the parent never returns: it exits with the child's news. Before any thread is started.
  static Result<Background> enter();
  // In the child: tells the parent that all is well and lets go of the terminal.
  void ready();

 private:
  Background(Fd news, Fd null) : news_(std::move(news)), null_(std::move(null)) {}
  Fd news_, null_;
};

}  // namespace mailweir
