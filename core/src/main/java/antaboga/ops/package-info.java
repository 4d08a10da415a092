// SPDX-License-Identifier: Apache-2.0
/** Differentiable operations, one record each: the value and, beside it, its derivative. */
@NullMarked
package antaboga.ops;

import org.jspecify.annotations.NullMarked;
