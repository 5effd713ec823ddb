/* SPDX-License-Identifier: Apache-2.0
 * Constants of the package format that the writer (compiler) and the reader (runtime) share. Specification: docs/spec/package.md. */
#ifndef SEQC_RT_PACKAGE_FORMAT_H
#define SEQC_RT_PACKAGE_FORMAT_H

#define SEQC_PACKAGE_SCHEMA 1

#define SEQC_PACKAGE_MANIFEST "seqc.json"
#define SEQC_PACKAGE_CPU_LIBRARY "cpu/kernels.so"
#define SEQC_PACKAGE_CONSTANTS "weights/constants.safetensors"
#define SEQC_PACKAGE_GPU_PREFIX "kernels/" /* every member with GPU code starts with it */

/* Data of every member starts at a multiple of this; so do workspace and scratch buffers. */
#define SEQC_PACKAGE_ALIGN 64

/* Limits that a reader enforces and a writer keeps. */
#define SEQC_PACKAGE_MAX_MEMBERS 4096
#define SEQC_PACKAGE_MAX_JSON_BYTES (8 << 20)   /* of the manifest, and of a safetensors header */
#define SEQC_PACKAGE_MAX_JSON_VALUES 150000     /* numbers, strings, arrays, objects in one JSON text */
#define SEQC_PACKAGE_MAX_JSON_DEPTH 80
#define SEQC_PACKAGE_MAX_EXPR_DEPTH 64
#define SEQC_PACKAGE_MAX_INT (1LL << 53)        /* magnitude of an integer in JSON */
#define SEQC_PACKAGE_MAX_RANK 32
#define SEQC_PACKAGE_MAX_DIM_NAMES 64           /* named dims of one function */
#define SEQC_PACKAGE_MAX_PARAMS 256             /* parameters of one kernel */
#define SEQC_PACKAGE_MAX_KERNELS 8192
#define SEQC_PACKAGE_MAX_FUNCTIONS 1024
#define SEQC_PACKAGE_MAX_SCRATCH_BYTES (1 << 30)
#define SEQC_PACKAGE_MAX_GPU_TARGETS 16         /* of one kernel */
#define SEQC_PACKAGE_MAX_GPU_BLOCK 1024         /* threads of a block */
#define SEQC_PACKAGE_MAX_GPU_SHARED_BYTES (1 << 20)
#define SEQC_PACKAGE_MAX_GPU_ALIGN 256          /* that pointers may be required to have */

#endif
