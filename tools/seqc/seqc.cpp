// SPDX-License-Identifier: Apache-2.0
#include "seqc/Driver/Driver.h"

int main(int argc, char **argv) { return seqc::driver::run(argc, argv); }
