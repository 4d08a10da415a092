// SPDX-License-Identifier: Apache-2.0
/**
 * Fused kernels on arrays, each with a scalar body that specifies it, and the choice among bodies.
 */
@NullMarked
package antaboga.kernel;

import org.jspecify.annotations.NullMarked;
