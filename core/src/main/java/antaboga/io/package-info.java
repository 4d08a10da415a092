// SPDX-License-Identifier: Apache-2.0
/** Files of named arrays: safetensors, npy, PyTorch checkpoints. */
@NullMarked
package antaboga.io;

import org.jspecify.annotations.NullMarked;
