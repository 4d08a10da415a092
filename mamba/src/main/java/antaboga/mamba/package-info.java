// SPDX-License-Identifier: Apache-2.0
/** The selective scan of Mamba, with kernels of its own, and the blocks that are built on it. */
@NullMarked
package antaboga.mamba;

import org.jspecify.annotations.NullMarked;
