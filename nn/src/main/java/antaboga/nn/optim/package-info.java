// SPDX-License-Identifier: Apache-2.0
/**
 * Optimisers, schedules of their rate, and averaged weights. Rules, defaults and names of saved
 * state are PyTorch's.
 */
@NullMarked
package antaboga.nn.optim;

import org.jspecify.annotations.NullMarked;
