// SPDX-License-Identifier: Apache-2.0
/**
 * Tensors that remember how they were computed: {@link antaboga.Tensor}, {@link antaboga.Tape},
 * {@link antaboga.Op}.
 */
@NullMarked
package antaboga;

import org.jspecify.annotations.NullMarked;
